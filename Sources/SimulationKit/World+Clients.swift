// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// Clients that write and read through any node, and follow hints a few times.
extension World {
    mutating func makeOperation() {
        let gapUS = UInt64.random(in: 1...2 * plan.operationGapUS, using: &random)
        queue.add(.nextOperation, at: nowUS + gapUS)
        guard acceptsOperations else { return }
        let key = Int.random(in: 0..<RegisterMachine.keyCount, using: &random)
        let operation = Operation(
            id: UInt64(operations.count) + 1,
            kind: random.chance(percent: plan.readPercent) ? .read : .write,
            key: key,
            invokedUS: nowUS,
            floor: chronicle.last.index,
            versionFloor: chronicle.versions[key]
        )
        operations.append(operation)
        let node = Int.random(in: 0..<nodes.count, using: &random)
        queue.add(.operation(operation.id, node: node), at: nowUS)
    }

    mutating func operate(
        _ id: UInt64,
        _ node: Int,
        _ event: Event,
        _ observation: inout Observation
    ) {
        guard isAwake(node, nodes[node].life, event) else { return }
        let operation = operations[Int(id) - 1]
        operations[Int(id) - 1].attemptCount += 1
        switch operation.kind {
        case .read: step(node, .readIndex(operation.request), &observation)
        case .write:
            let command = RegisterCommand(operation: id, key: operation.key)
            step(node, .propose(operation.request, payload: command.payload), &observation)
        }
    }

    /// Tries once more where the refusal points to; gives up otherwise.
    mutating func refused(_ request: RaftRequestID, _ refusal: RaftRefusal) {
        tally.refusals += 1
        guard case .notLeader(let hint?) = refusal,
            operations[Int(request.rawValue) - 1].attemptCount < 3
        else { return }
        queue.add(.operation(request.rawValue, node: position(of: hint)), at: nowUS + 1_000)
    }
}
