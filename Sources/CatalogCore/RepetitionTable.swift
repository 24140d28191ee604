// SPDX-License-Identifier: Apache-2.0

import Primitives

/// The outcomes of the last commands that had an idempotency key, oldest out first.
///
/// "Oldest" is by place in the log: every replica forgets the same key at the same command.
struct RepetitionTable: Sendable {
    struct Record: Sendable {
        let fingerprint: UInt64
        let outcome: CatalogOutcome
        let sequence: UInt64
        let byteCount: Int
        let digest: UInt64
    }

    private(set) var records = OrderedMap<ByteString, Record>()
    /// Dense: what leaves is always the first.
    private var keysBySequence = OrderedMap<UInt64, ByteString>()
    private(set) var nextSequence: UInt64
    private var byteCount = 0
    let countLimit: Int
    private let byteLimit: Int

    init(
        nextSequence: UInt64 = 1,
        countLimit: Int,
        byteLimit: Int = CatalogLimits.repetitionByteCount
    ) {
        self.nextSequence = nextSequence
        self.countLimit = countLimit
        self.byteLimit = byteLimit
    }

    var count: Int { records.count }

    subscript(key: String) -> Record? { records[ByteString(key)] }

    /// Remembers the outcome of a key that is not remembered yet.
    ///
    /// Returns what to add to the catalog's digest: the new record, less those forgotten.
    mutating func remember(_ idempotency: Idempotency, _ outcome: CatalogOutcome) -> UInt64 {
        let key = ByteString(idempotency.key)
        var writer = ByteWriter()
        writer.write(key)
        writer.write(idempotency.fingerprint)
        writer.write(nextSequence)
        outcome.write(to: &writer)
        let record = Record(
            fingerprint: idempotency.fingerprint,
            outcome: outcome,
            sequence: nextSequence,
            byteCount: writer.bytes.count,
            digest: DigestKind.repetition.hash(writer.bytes)
        )
        records.set(key, record)
        keysBySequence.set(nextSequence, key)
        nextSequence += 1
        byteCount += record.byteCount
        return record.digest &- forget()
    }

    /// Keys and records, oldest first.
    func forEachInOrder(_ body: (ByteString, Record) -> Void) {
        keysBySequence.forEach { element in
            if let record = records[element.value] { body(element.value, record) }
        }
    }

    /// Drops the oldest records beyond the bounds and returns the sum of their digests.
    private mutating func forget() -> UInt64 {
        var forgotten: UInt64 = 0
        while records.count > countLimit || (byteCount > byteLimit && records.count > 1) {
            guard let oldest = keysBySequence.first else { break }
            keysBySequence.remove(oldest.key)
            guard let record = records.remove(oldest.value) else { continue }
            byteCount -= record.byteCount
            forgotten &+= record.digest
        }
        return forgotten
    }
}
