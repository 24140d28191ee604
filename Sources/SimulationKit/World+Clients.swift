// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import RaftCore

/// Clients that write and read through any node, follow hints, and ask again after silence.
extension World {
    private static let attemptLimit = 6

    mutating func makeOperation() {
        let gapUS = UInt64.random(in: 1...2 * plan.operationGapUS, using: &random)
        queue.add(.nextOperation, at: nowUS + gapUS)
        guard acceptsOperations else { return }
        let key = Int.random(in: 0..<Operation.keyCount, using: &random)
        let node = Int.random(in: 0..<nodes.count, using: &random)
        let kind = operationKind(key: key)
        let isKeyed = random.chance(percent: plan.keyedPercent)
        let (floor, revisionFloor) = (chronicle.last.index, chronicle.machine.revision)
        let id = clients.begin { [nowUS] id, client, sequence in
            Operation(
                id: id,
                kind: kind,
                key: key,
                client: client,
                sequence: sequence,
                isKeyed: isKeyed,
                invokedUS: nowUS,
                floor: floor,
                revisionFloor: revisionFloor
            )
        }
        guard let id else { return }
        queue.add(.attempt(id, node: node), at: nowUS)
        awaitAnswer(id)
    }

    private mutating func operationKind(key: Int) -> Operation.Kind {
        if random.chance(percent: plan.readPercent) { return .read }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<60: return .write
        case 60..<80: return .swap(version: expectedVersion(of: key))
        case 80..<88: return .create
        case 88..<92: return .remove(version: nil)
        case 92..<97: return .remove(version: max(1, expectedVersion(of: key)))
        default: return .work(workerChange())
        }
    }

    /// Mostly what a client that has just read would say, now and then what an old one would.
    private mutating func expectedVersion(of key: Int) -> UInt64 {
        let entry = chronicle.machine.mount(at: Operation.paths[key])
        let version = entry?.modRevision.rawValue ?? 0
        return random.chance(percent: 20) ? version / 2 : version
    }

    /// A step in the life of any worker but the idle one, sensible or not.
    private mutating func workerChange() -> WorkerChange {
        let first = Self.idleWorker.rawValue + 1
        let number = UInt64.random(in: first...UInt64(plan.workerCount), using: &random)
        let worker = NodeID(number)
        return switch Int.random(in: 0..<4, using: &random) {
        case 0: .drain(WorkerDrain(worker, isForced: true))
        case 1: .undrain(worker)
        case 2: .fence(worker)
        default: .resume(worker)
        }
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
        guard let payload = operation.payload else {
            return step(node, .readIndex(request), &observation)
        }
        let elapsedMS = nodes[node].age.stamp(
            atMS: nodes[node].clock.readingMS(at: nowUS),
            applied: nodes[node].machine.elapsedMS,
            factor: plan.ageFactor
        )
        let stamped = CatalogCommand.stamped(payload, elapsedMS: elapsedMS)
        step(node, .propose(request, payload: stamped), &observation)
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

    /// Asks again, through any node, with the same idempotency key; in the end, or without one, gives up.
    mutating func deadlinePassed(_ id: UInt64) {
        let operation = clients[id]
        guard operation.isOpen else { return }
        clients.becameUncertain(id)
        let mayRepeat = operation.isKeyed || operation.kind == .read
        guard mayRepeat, operation.attemptCount < Self.attemptLimit, acceptsOperations else {
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
        case .declined: tally.declined += 1
        case .written, .removed, .done:
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
