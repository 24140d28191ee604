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

        /// Of everything there is to remember under `key`, as it stands in memory now.
        func digest(of key: ByteString) -> UInt64 {
            DigestKind.repetition.hash {
                RepetitionTable.write(key, fingerprint, sequence, atMS, outcome, to: &$0)
            }
        }
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

    /// Remembers the outcome of a key that is not remembered yet; returns the key and its digest.
    mutating func remember(
        _ idempotency: Idempotency,
        _ outcome: CatalogOutcome,
        atMS: UInt64
    ) -> (key: ByteString, digest: UInt64) {
        let key = ByteString(idempotency.key)
        var writer = ByteWriter()
        Self.write(key, idempotency.fingerprint, nextSequence, atMS, outcome, to: &writer)
        let record = Record(
            fingerprint: idempotency.fingerprint,
            outcome: outcome,
            sequence: nextSequence,
            atMS: atMS,
            byteCount: writer.bytes.count
        )
        records.set(key, record)
        keysBySequence.set(nextSequence, key)
        nextSequence += 1
        byteCount += record.byteCount
        return (key, DigestKind.repetition.hash(writer.bytes))
    }

    private static func write(
        _ key: ByteString,
        _ fingerprint: UInt64,
        _ sequence: UInt64,
        _ atMS: UInt64,
        _ outcome: CatalogOutcome,
        to writer: inout ByteWriter
    ) {
        writer.write(key)
        writer.write(fingerprint)
        writer.write(sequence)
        writer.write(atMS)
        outcome.write(to: &writer)
    }

    /// Keys and records, oldest first.
    func forEachInOrder(_ body: (ByteString, Record) -> Void) {
        keysBySequence.forEach { element in
            if let record = records[element.value] { body(element.value, record) }
        }
    }

    /// Drops the oldest records that both count and time let go, to make room for one, and returns
    /// their keys and digests.
    mutating func forget(nowMS: UInt64) -> [(key: ByteString, digest: UInt64)] {
        var forgotten: [(key: ByteString, digest: UInt64)] = []
        while records.count >= countLimit || byteCount > byteLimit,
            let oldest = keysBySequence.first,
            let record = records[oldest.value], nowMS >= record.atMS + CatalogLimits.repetitionMS
        {
            keysBySequence.remove(oldest.key)
            records.remove(oldest.value)
            byteCount -= record.byteCount
            forgotten.append((oldest.value, record.digest(of: oldest.value)))
        }
        return forgotten
    }
}
