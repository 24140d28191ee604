// SPDX-License-Identifier: Apache-2.0

import Primitives

/// The outcomes of the last commands that had an idempotency key, oldest out first.
///
/// "Oldest" is by place in the log, "old enough" by the time that leaders stamp: every replica forgets
/// the same key at the same command.
struct RepetitionTable: Sendable {
    struct Record: Sendable {
        let fingerprint: UInt64
        let outcome: CatalogOutcome
        let sequence: UInt64
        /// The cluster's age when it was remembered.
        let atMS: UInt64
        let byteCount: Int
        let digest: UInt64
    }

    private(set) var records = OrderedMap<ByteString, Record>()
    /// Dense: what leaves is always the first.
    private var keysBySequence = OrderedMap<UInt64, ByteString>()
    private(set) var nextSequence: UInt64
    private var byteCount = 0
    let countLimit: Int
    let byteLimit: Int

    init(
        nextSequence: UInt64 = 1,
        countLimit: Int,
        byteLimit: Int
    ) {
        self.nextSequence = nextSequence
        self.countLimit = countLimit
        self.byteLimit = byteLimit
    }

    var count: Int { records.count }

    subscript(key: String) -> Record? { records[ByteString(key)] }

    /// Whether one more may be remembered.
    var hasRoom: Bool { byteCount <= byteLimit }

    /// Remembers the outcome of a key that is not remembered yet, and returns its digest.
    mutating func remember(
        _ idempotency: Idempotency,
        _ outcome: CatalogOutcome,
        atMS: UInt64
    ) -> UInt64 {
        let key = ByteString(idempotency.key)
        var writer = ByteWriter()
        writer.write(key)
        writer.write(idempotency.fingerprint)
        writer.write(nextSequence)
        writer.write(atMS)
        outcome.write(to: &writer)
        let record = Record(
            fingerprint: idempotency.fingerprint,
            outcome: outcome,
            sequence: nextSequence,
            atMS: atMS,
            byteCount: writer.bytes.count,
            digest: DigestKind.repetition.hash(writer.bytes)
        )
        records.set(key, record)
        keysBySequence.set(nextSequence, key)
        nextSequence += 1
        byteCount += record.byteCount
        return record.digest
    }

    /// Keys and records, oldest first.
    func forEachInOrder(_ body: (ByteString, Record) -> Void) {
        keysBySequence.forEach { element in
            if let record = records[element.value] { body(element.value, record) }
        }
    }

    /// Drops the oldest records that both count and time let go, to make room for one, and returns
    /// the sum of their digests.
    mutating func forget(nowMS: UInt64) -> UInt64 {
        var forgotten: UInt64 = 0
        while records.count >= countLimit || byteCount > byteLimit,
            let oldest = keysBySequence.first,
            let record = records[oldest.value], nowMS >= record.atMS + CatalogLimits.repetitionMS
        {
            keysBySequence.remove(oldest.key)
            records.remove(oldest.value)
            byteCount -= record.byteCount
            forgotten &+= record.digest
        }
        return forgotten
    }
}
