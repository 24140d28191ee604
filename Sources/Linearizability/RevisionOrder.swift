// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Checks a history of the catalog by the revisions that its answers carry.
///
/// Every write returns its revision, so the order need not be searched: it is told. What is left is to
/// compare it with real time and with what readers saw, which takes a few sorts, finds most bugs, and
/// names the two operations that contradict each other. It also sees what a check key by key cannot:
/// that revisions of different keys follow real time.
///
/// It is not complete where answers are missing; ``HistoryChecker`` is. Run this one first.
/// Complexity: O(n log n), and O(n) for each read of an absent key whose last known write put one.
package enum RevisionOrder {
    /// The first contradiction found, or `nil`.
    package static func check(_ history: History<VersionedMap>) -> RevisionViolation? {
        let operations = history.operations.filter { operation in
            if case .void = operation.ending { false } else { true }
        }
        if let violation = checkWrites(operations) ?? checkProgress(operations) {
            return violation
        }
        var writesByKey: [ByteString: [History<VersionedMap>.Operation]] = [:]
        for operation in operations { writesByKey[operation.input.key, default: []] += [operation] }
        let writes = writesByKey.mapValues(KeyWrites.init)

        for operation in operations {
            if isAbsurd(operation) { return .absurd(operation) }
            guard let sighting = Sighting(operation), let writes = writes[sighting.key]
            else { continue }
            if let violation = check(sighting, writes) { return violation }
        }
        return nil
    }

    // MARK: - The whole map

    /// Revisions are unique, and follow real time whatever the keys.
    private static func checkWrites(
        _ operations: [History<VersionedMap>.Operation]
    ) -> RevisionViolation? {
        let writes = operations.compactMap(KeyWrites.Write.init)
            .sorted { ($0.revision, $0.operation.id) < ($1.revision, $1.operation.id) }
        for (lower, higher) in zip(writes, writes.dropFirst())
        where lower.revision == higher.revision {
            return .repeated(lower.operation, higher.operation)
        }
        var firstEnded: KeyWrites.Write?
        for write in writes.reversed() {
            if let firstEnded, firstEnded.endedAt < write.operation.beganAt {
                return .writesOutOfOrder(earlier: firstEnded.operation, later: write.operation)
            }
            if write.endedAt < firstEnded?.endedAt ?? .max { firstEnded = write }
        }
        return nil
    }

    /// Nobody sees an older state than what somebody saw or wrote who had ended before.
    private static func checkProgress(
        _ operations: [History<VersionedMap>.Operation]
    ) -> RevisionViolation? {
        let told = operations.compactMap { operation in
            toldRevision(operation).flatMap { revision in
                operation.endedAt.map { (operation: operation, revision: revision, endedAt: $0) }
            }
        }
        let byEnd = told.sorted { ($0.endedAt, $0.operation.id) < ($1.endedAt, $1.operation.id) }
        var next = 0
        var newest: (operation: History<VersionedMap>.Operation, revision: UInt64)?
        for (operation, revision, _) in told {  // In the order in which they began.
            while next < byEnd.count, byEnd[next].endedAt < operation.beganAt {
                if byEnd[next].revision > newest?.revision ?? 0 {
                    newest = (byEnd[next].operation, byEnd[next].revision)
                }
                next += 1
            }
            if let newest, newest.revision > revision {
                return .wentBack(first: newest.operation, second: operation)
            }
        }
        return nil
    }

    /// The revision of the whole map right after an operation took effect.
    private static func toldRevision(_ operation: History<VersionedMap>.Operation) -> UInt64? {
        switch operation.output {
        case .found(_, _, let asOf), .absent(let asOf): asOf
        case .written(let revision): revision
        case .refused, nil: nil
        }
    }

    // MARK: - One key

    private static func isAbsurd(_ operation: History<VersionedMap>.Operation) -> Bool {
        switch (operation.input, operation.output) {
        case (_, nil): false
        case (.get, .found(_, let revision, let asOf)): revision == 0 || revision > asOf ?? .max
        case (.get, .absent): false
        case (.get, _), (_, .found), (_, .absent): true
        case (.put(_, _, if: .revision(let expected)), .written(let revision)),
            (.delete(_, if: .revision(let expected)), .written(let revision)):
            expected >= revision || expected == 0
        case (.put, .written(let revision)), (.delete, .written(let revision)): revision == 0
        case (.put(_, _, if: .any), .refused): true
        case (.put(_, _, if: .absent), .refused(let current)): current == 0
        case (.put(_, _, if: .revision(let expected)), .refused(let current)),
            (.delete(_, if: .revision(let expected)), .refused(let current)):
            current == expected && current != 0
        case (.delete(_, if: .any), .refused(let current)): current != 0
        case (.delete(_, if: .absent), .refused): false
        }
    }

    private static func check(_ sighting: Sighting, _ writes: KeyWrites) -> RevisionViolation? {
        sighting.revision == 0
            ? checkAbsence(sighting, writes) : checkPresence(sighting, writes)
    }

    private static func checkPresence(
        _ sighting: Sighting,
        _ writes: KeyWrites
    ) -> RevisionViolation? {
        let reader = sighting.operation
        if let write = writes.write(at: sighting.revision) {
            guard let value = write.value, sighting.value == nil || sighting.value == value else {
                return .otherWrite(write: write.operation, reader: reader)
            }
            if write.operation.beganAt > sighting.endedAt {
                return .fromTheFuture(write: write.operation, reader: reader)
            }
        } else if !writes.mayHavePut(sighting.value, by: sighting.endedAt) {
            return .unwritten(reader: reader)
        }
        if let newest = writes.newest(endedBefore: reader.beganAt),
            newest.revision > sighting.revision
        {
            return .stale(before: newest.operation, reader: reader)
        }
        if let asOf = sighting.asOf, let between = writes.newest(through: asOf),
            between.revision > sighting.revision
        {
            return .skipped(write: between.operation, reader: reader)
        }
        return nil
    }

    private static func checkAbsence(
        _ sighting: Sighting,
        _ writes: KeyWrites
    ) -> RevisionViolation? {
        let reader = sighting.operation
        guard !writes.mayHaveDeleted(by: sighting.endedAt) else { return nil }
        if let newest = writes.newest(endedBefore: reader.beganAt), newest.isPresent,
            !writes.hasDeletion(behind: newest.revision, by: sighting.endedAt)
        {
            return .stale(before: newest.operation, reader: reader)
        }
        if let asOf = sighting.asOf, let newest = writes.newest(through: asOf), newest.value != nil
        {
            return .skipped(write: newest.operation, reader: reader)
        }
        return nil
    }
}
