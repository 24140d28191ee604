// SPDX-License-Identifier: Apache-2.0

/// The writes of one key, as far as it takes to judge what somebody saw there.
struct KeyWrites {
    typealias Operation = History<VersionedMap>.Operation

    struct Write {
        let operation: Operation
        let revision: UInt64
        let endedAt: UInt64
        /// `nil`: a deletion.
        let value: UInt64?
    }

    /// An operation that shows that the key had come to a revision.
    struct Evidence {
        let operation: Operation
        let revision: UInt64
        let isPresent: Bool
    }

    /// Answered writes by revision.
    private let byRevision: [Write]
    /// What was known of the entry by the time an operation ended, in the order of time.
    private let byEnd: [(endedAt: UInt64, newest: Evidence)]
    /// Writes without an answer.
    private let open: [Operation]

    init(_ operations: [Operation]) {
        let answered = operations.compactMap(Write.init)
        byRevision = answered.sorted { $0.revision < $1.revision }
        byEnd = Self.evidence(operations, answered)
        open = operations.filter { operation in
            guard case .open = operation.ending else { return false }
            if case .get = operation.input { return false }
            return true
        }
    }

    private static func evidence(
        _ operations: [Operation],
        _ writes: [Write]
    ) -> [(endedAt: UInt64, newest: Evidence)] {
        let sightings = operations.compactMap(Sighting.init).filter { $0.revision > 0 }
        let all =
            writes.map {
                (
                    $0.endedAt,
                    Evidence(
                        operation: $0.operation,
                        revision: $0.revision,
                        isPresent: $0.value != nil
                    )
                )
            }
            + sightings.map {
                (
                    $0.endedAt,
                    Evidence(operation: $0.operation, revision: $0.revision, isPresent: true)
                )
            }
        var found: [(endedAt: UInt64, newest: Evidence)] = []
        for (endedAt, evidence) in all.sorted(by: { $0.0 < $1.0 }) {
            let last = found.last?.newest
            found.append(
                (endedAt, last.map { $0.revision >= evidence.revision ? $0 : evidence } ?? evidence)
            )
        }
        return found
    }

    /// The highest revision that an operation which had ended before `time` wrote or saw.
    func newest(endedBefore time: UInt64) -> Evidence? {
        let count = byEnd.partitioningIndex { $0.endedAt >= time }
        return count == 0 ? nil : byEnd[count - 1].newest
    }

    /// The last write at or below a revision.
    func newest(through revision: UInt64) -> Write? {
        let count = byRevision.partitioningIndex { $0.revision > revision }
        return count == 0 ? nil : byRevision[count - 1]
    }

    func write(at revision: UInt64) -> Write? {
        newest(through: revision).flatMap { $0.revision == revision ? $0 : nil }
    }

    /// Whether a write without an answer, begun by `time`, can have put this value there (`nil`: any).
    func mayHavePut(_ value: UInt64?, by time: UInt64) -> Bool {
        open.contains { operation in
            guard case .put(_, let put, _) = operation.input else { return false }
            return operation.beganAt <= time && (value == nil || value == put)
        }
    }

    /// Whether a deletion without an answer, begun by `time`, can have taken an entry away.
    func mayHaveDeleted(by time: UInt64) -> Bool {
        open.contains { operation in
            guard case .delete = operation.input else { return false }
            return operation.beganAt <= time
        }
    }

    /// Whether an answered deletion behind `revision` had begun by `time`.
    func hasDeletion(behind revision: UInt64, by time: UInt64) -> Bool {
        byRevision.contains {
            $0.revision > revision && $0.value == nil && $0.operation.beganAt <= time
        }
    }
}

extension KeyWrites.Write {
    /// `nil` unless the operation is a write that was answered.
    init?(_ operation: History<VersionedMap>.Operation) {
        guard let endedAt = operation.endedAt, case .written(let revision) = operation.output
        else { return nil }
        switch operation.input {
        case .get: return nil
        case .put(_, let value, _): self.value = value
        case .delete: value = nil
        }
        self.operation = operation
        self.revision = revision
        self.endedAt = endedAt
    }
}
