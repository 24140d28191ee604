// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Which writes are on their way to the disk, and how much of the log is durable.
///
/// Writes finish in the order they were asked for. A write whose entries were truncated by a later
/// one must not count for the entries that took their place (etcd's `append_aba_race`), so a
/// truncation also shortens what the writes before it can still prove.
struct WriteLedger: Sendable {
    private var pending: [(sequence: WriteSequence, last: LogIndex?, issuedMS: UInt64)] = []
    private var issuedCount: UInt64 = 0
    private var finishedCount: UInt64 = 0
    /// The log is on our own disk up to here, as it stands now.
    private(set) var durable: LogIndex
    /// A durable snapshot covers the log up to here, whatever is cut behind it.
    private var floor = LogIndex.zero

    init(durable: LogIndex) { self.durable = durable }

    /// The number the next write will have.
    var nextSequence: WriteSequence { WriteSequence(issuedCount + 1) }

    /// Every write up to this one is durable.
    var finishedSequence: WriteSequence { WriteSequence(finishedCount) }

    /// The latest write asked for, unless all are done.
    var outstanding: WriteSequence? {
        issuedCount == finishedCount ? nil : WriteSequence(issuedCount)
    }

    var pendingCount: Int { pending.count }

    /// When the oldest write that is not durable was asked for, on our clock.
    var oldestPendingMS: UInt64? { pending.first?.issuedMS }

    mutating func issued(_ write: LogWrite, now: UInt64) {
        if let cut = write.truncateFrom { truncated(from: cut) }
        issuedCount = write.sequence.rawValue
        pending.append((write.sequence, write.entries.last?.index, now))
    }

    /// A snapshot covers everything up to `index`.
    mutating func covered(through index: LogIndex) {
        floor = max(floor, index)
        durable = max(durable, floor)
    }

    /// Takes note that writes are durable.
    ///
    /// - Parameters:
    ///   - sequence: The last of them.
    ///   - now: On our clock, in milliseconds.
    ///   - lateMS: Those that took longer than this are late, in milliseconds.
    /// - Returns: How many there were, and how many of them were late.
    mutating func finished(
        _ sequence: WriteSequence,
        now: UInt64,
        late lateMS: UInt64
    ) -> (count: Int, lateCount: Int) {
        precondition(
            sequence.rawValue <= issuedCount,
            "write \(sequence.rawValue) was never asked for, the last was \(issuedCount)"
        )
        finishedCount = max(finishedCount, sequence.rawValue)
        var (count, lateCount) = (0, 0)
        while count < pending.count, pending[count].sequence <= sequence {
            if let last = pending[count].last { durable = max(durable, last) }
            if now - min(now, pending[count].issuedMS) > lateMS { lateCount += 1 }
            count += 1
        }
        pending.removeFirst(count)
        return (count, lateCount)
    }

    private mutating func truncated(from cut: LogIndex) {
        let kept = LogIndex(cut.rawValue - 1)
        durable = max(floor, min(durable, kept))
        for position in pending.indices {
            if let last = pending[position].last { pending[position].last = min(last, kept) }
        }
    }
}
