// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// Clients that write and read through any node, follow hints, and ask again after silence.
extension World {
    private static let attemptLimit = 6

    mutating func makeOperation() {
        let gapUS = UInt64.random(in: 1...2 * plan.operationGapUS, using: &random)
        queue.add(.nextOperation, at: nowUS + gapUS)
        guard acceptsOperations else { return }
        let key = Int.random(in: 0..<RegisterMachine.keyCount, using: &random)
        let node = Int.random(in: 0..<nodes.count, using: &random)
        let kind = operationKind(key: key)
        let id = clients.begin { [nowUS, chronicle] id, client, sequence in
            Operation(
                id: id,
                kind: kind,
                key: key,
                client: client,
                sequence: sequence,
                invokedUS: nowUS,
                floor: chronicle.last.index,
                versionFloor: chronicle.versions[key]
            )
        }
        guard let id else { return }
        queue.add(.attempt(id, node: node), at: nowUS)
        awaitAnswer(id)
    }

    private mutating func operationKind(key: Int) -> Operation.Kind {
        if random.chance(percent: plan.readPercent) { return .read }
        guard random.chance(percent: 30) else { return .write }
        // Mostly what a client that has just read would say, now and then what an old one would.
        let isOld = random.chance(percent: 20)
        return .swap(version: isOld ? chronicle.versions[key] / 2 : chronicle.versions[key])
    }

    mutating func attempt(
        _ id: UInt64,
        _ node: Int,
        _ event: Event,
        _ observation: inout Observation
    ) {
        // A node that is down never hears of it; one that stands still takes it up later.
        guard isAwake(node, nodes[node].life, event) else { return }
        let operation = clients[id]
        if operation.attemptCount > 0 { tally.retries += 1 }
        let request = RaftRequestID(operation: id, attempt: operation.attemptCount)
        clients.attempted(id)
        switch operation.kind {
        case .read: step(node, .readIndex(request), &observation)
        case .write, .swap:
            let payload = operation.command.payload
            step(node, .propose(request, payload: payload), &observation)
        }
    }

    /// Tries once more where the refusal points to; gives up otherwise.
    mutating func refused(_ id: UInt64, _ refusal: RaftRefusal) {
        tally.refusals += 1
        let operation = clients[id]
        guard operation.isOpen else { return }
        if case .notLeader(let hint?) = refusal, operation.attemptCount < Self.attemptLimit {
            queue.add(
                .attempt(operation.id, node: position(of: hint)),
                at: nowUS + 1_000
            )
        } else if !operation.isUncertain {
            clients.end(operation.id, .failed)
        }
    }

    // MARK: - Silence

    private mutating func awaitAnswer(_ id: UInt64) {
        let patienceUS = UInt64.random(in: 800_000...3_000_000, using: &random)
        queue.add(.deadline(id), at: nowUS + patienceUS)
    }

    /// Asks again, through any node, with the same sequence number; in the end gives up.
    mutating func deadlinePassed(_ id: UInt64) {
        let operation = clients[id]
        guard operation.isOpen else { return }
        clients.becameUncertain(id)
        guard operation.attemptCount < Self.attemptLimit, acceptsOperations else {
            tally.unknownOutcomes += 1
            return clients.end(id, .unknown)
        }
        let node = Int.random(in: 0..<nodes.count, using: &random)
        clients.attempted(id)  // Also if the node is down: nobody asks forever.
        queue.add(.attempt(id, node: node), at: nowUS)
        awaitAnswer(id)
    }

    /// Tells a client what became of its operation, if it still waits.
    mutating func answer(
        _ id: UInt64,
        _ answer: Operation.Answer,
        _ observation: inout Observation
    ) {
        guard clients[id].isOpen else { return }
        clients.end(id, .answered(answer, atUS: nowUS))
        observation.answers.append((clients[id], answer))
        switch answer {
        case .read: tally.answeredReads += 1
        case .mismatch: tally.mismatches += 1
        case .written:
            tally.acknowledgedWrites += 1
            tally.lastAcknowledgedInvocationUS = max(
                tally.lastAcknowledgedInvocationUS,
                clients[id].invokedUS
            )
        }
    }
}

extension RaftRequestID {
    /// Attempts of one operation are requests of their own.
    fileprivate init(operation: UInt64, attempt: Int) {
        self.init(operation << 8 | UInt64(attempt))
    }

    var operation: UInt64 { rawValue >> 8 }
}
