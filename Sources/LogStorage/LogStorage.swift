// SPDX-License-Identifier: Apache-2.0
package import Primitives
package import RaftCore
import SystemPackage

/// The durable memory of one voter: term and vote, entries, snapshots.
///
///     create ─▶ open ─▶ write* · saveSnapshot* · compact* ──a write or sync fails──▶ stopped
///                          └── no space: `full` ──▶ resume* ──┘
///
/// Invariants (argued in `Docs/log-storage.md`, tested by rebuilding what a crash may leave):
/// 1. When a call returns, all it was given is durable; when it throws `io`, nothing is known, and
///    the object refuses everything from then on. The caller ends the process: a second sync after
///    a failed one may report success for pages that were dropped.
/// 2. At most one batch is on its way to the disk; the next is written after its sync returned. So
///    only the last batch of the last segment can be torn, and a batch behind it proves that it was
///    durable.
/// 3. Term and vote are durable no later than entries of that term.
/// 4. A name changes only together with its directory's sync, one at a time: segments are missing
///    at the front or not at all.
///
/// Not `Sendable`: one thread at a time. A thread that owns it opens it itself, or gets it through a
/// `Mutex`, whose initialiser takes the value out of its creator's hands.
package final class LogStorage {
    /// What tests make small.
    package struct Options: Sendable {
        /// Length of a segment file, in bytes: a multiple of 512, 1,536 to 1 GiB.
        package var segmentByteCount = 4 << 20

        package init() {}
    }

    /// The segment being written.
    struct Tail {
        let file: any LogFile
        let header: SegmentHeader
        /// Where the next batch goes, in bytes.
        var end: Int

        var position: LogTail.Position { LogTail.Position(segment: header.number, end: end) }
    }

    /// One segment file, as far as dropping it needs to know.
    struct Segment: Equatable {
        let number: UInt64
        /// Where the log starts if this is the oldest segment left.
        var floor: LogIndex
        /// Highest index of an entry in this segment that is not void; zero if there is none.
        var lastLive: LogIndex
    }

    let directory: any LogDirectory
    let identity: LogIdentity
    let options: Options
    var slots: HardStateSlots
    var tail: Tail {
        didSet { written.moved(to: tail.header.number, end: tail.end) }
    }
    /// How far this log is durable, for a ``LogScrub`` of it.
    package let written: LogTail
    var segments: [Segment]
    var window: LogWindow
    var nextSequence: UInt64
    var chain: UInt32
    /// Oldest first, at most ``snapshotCount``.
    var snapshots: [SnapshotMetadata]
    /// Batches taken on and not written yet: there was no room for the segment they belong in.
    var backlog: [[LogRecord]] = []
    /// Whether snapshots are to be removed once nothing waits.
    var hasOldSnapshots = false
    private var failure: IOFailure?

    /// Snapshots kept: the newest, and one to fall back to unless the disk is tight.
    static let snapshotCount = 2
    var keptSnapshotCount = LogStorage.snapshotCount

    init(_ recovery: LogRecovery, slots: HardStateSlots, tail: Tail) {
        directory = recovery.directory
        identity = recovery.identity
        options = recovery.options
        self.slots = slots
        self.tail = tail
        written = LogTail(tail.position)
        written.starts(at: recovery.window.first)
        segments = recovery.segments
        window = recovery.window
        nextSequence = recovery.nextSequence
        chain = recovery.chain
        snapshots = recovery.snapshots
    }

    /// Length of the files it makes, in bytes.
    package var segmentByteCount: Int { options.segmentByteCount }

    /// The last entry's index; the newest snapshot's if there is no entry behind it.
    package var lastIndex: LogIndex { window.lastIndex }

    /// Term and vote as they are durable.
    package var hardState: HardState { slots.current.hardState }

    /// The newest durable snapshot.
    package var newestSnapshot: SnapshotMetadata? { snapshots.last }

    /// Makes writes durable, in the order given, with one `fdatasync`.
    ///
    /// One more for a changed term or vote, which goes to its own file first, and one more for each
    /// segment that the entries run over into.
    /// - Throws: `outOfOrder`, `termAhead`, `tooLarge` before anything is written; `full`, after which
    ///   ``resume()`` must return before the next write; `io` after which the process must end;
    ///   `stopped` from then on.
    package func write(_ writes: [LogWrite]) throws(LogStorageError) {
        try requireUsable()
        precondition(backlog.isEmpty, "a write before the one that waits for space")
        let plan = try WritePlan(
            writes,
            window: window,
            hardState: hardState,
            newestSnapshot: newestSnapshot?.position
        )
        let batches = try plan.batches(streamLimit: streamLimit)
        try durably { () throws(IOFailure) in
            if plan.hardState != hardState {
                try slots.write(plan.hardState, highestSegment: tail.header.number)
            }
            backlog = batches
        }
        try resume()
    }

    /// Makes a later term or vote durable while a write waits for space: it needs none.
    ///
    /// In both slots, for the batch that says it is not on the disk: a slot that is lost does not take it
    /// with it. Without one the same for what is promised already.
    /// - Throws: `hardStateRegressed` before anything is written; `io`, after which the process must end;
    ///   `stopped`.
    package func promise(_ later: HardState?) throws(LogStorageError) {
        try requireUsable()
        if let later, !later.follows(hardState) {
            throw .hardStateRegressed(from: hardState, to: later)
        }
        let promised = later ?? hardState
        try durably { () throws(IOFailure) in
            for _ in 0..<2 { try slots.write(promised, highestSegment: tail.header.number) }
        }
    }

    /// Whether a write waits for space.
    package var isWaitingForSpace: Bool { !backlog.isEmpty }

    /// Goes on with a write that the disk had no room for; when it returns all of it is durable.
    ///
    /// - Throws: `full` where there still is none; `io`, after which the process must end; `stopped`.
    package func resume() throws(LogStorageError) {
        try requireUsable()
        try durably { () throws(IOFailure) in
            while let batch = backlog.first {
                try append(batch)
                backlog.removeFirst()
            }
            if hasOldSnapshots { try removeOldSnapshots() }
        }
    }

    // MARK: - Batches

    /// Longest stream that an empty segment holds, in bytes.
    private var streamLimit: Int {
        (options.segmentByteCount / Sector.byteCount - 1) * Sector.contentByteCount
    }

    /// Writes and syncs one batch, in a new segment if it does not fit the tail.
    func append(_ records: [LogRecord]) throws(IOFailure) {
        let stream = records.reduce(LogBatch.overheadByteCount) { $0 + $1.byteCount }
        let byteCount = Sector.count(ofStream: stream) * Sector.byteCount
        if byteCount > tail.header.byteCount - tail.end { try roll() }

        let batch = LogBatch(
            sequence: nextSequence,
            durableUpTo: window.lastIndex,
            records: records
        )
        let bytes = batch.encoded(chain: &chain)
        let (file, segment) = (tail.file, tail.header)
        let end = tail.end
        try failing("write", segment.name) { () throws(Errno) in try file.write(bytes, at: end) }
        try failing("sync", segment.name) { () throws(Errno) in try file.sync() }
        tail.end += bytes.count
        nextSequence += 1
        for record in records { apply(record) }
        written.starts(at: window.first)
    }

    private func apply(_ record: LogRecord) {
        let finding = window.apply(record)
        precondition(finding == nil, "\(record) was planned against \(window)")
        segments.apply(record)
    }

    /// Starts the next segment: zeros and header first, then the name, then the slot that knows it.
    private func roll() throws(IOFailure) {
        let header = SegmentHeader(
            identity: identity,
            byteCount: options.segmentByteCount,
            number: tail.header.number + 1,
            nextIndex: window.next,
            nextSequence: nextSequence,
            chain: chain,
            hardState: hardState
        )
        let file = try directory.place(
            SegmentHeader.name(header.number),
            header.encoded(),
            byteCount: header.byteCount
        )
        tail = Tail(file: file, header: header, end: Sector.byteCount)
        segments.append(Segment(number: header.number, floor: window.next, lastLive: .zero))
        try slots.write(hardState, highestSegment: header.number)
    }

    // MARK: - Failure

    func requireUsable() throws(LogStorageError) {
        if let failure { throw .stopped(failure) }
    }

    /// Runs a change; its failure is the last thing this object says (invariant 1).
    func durably(_ body: () throws(IOFailure) -> Void) throws(LogStorageError) {
        do throws(IOFailure) {
            try body()
        } catch {
            if error.isDiskFull { throw .full(error) }
            failure = error
            throw .io(error)
        }
    }
}

extension LogWindow {
    /// Follows one record; says what is wrong if it cannot follow.
    mutating func apply(_ record: LogRecord) -> RecoveryFinding? {
        switch record {
        case .entry(let entry): return append(entry.position)
        case .truncate(let index): truncate(from: index)
        case .reset(let position): reset(after: position.index)
        case .hardState: break
        }
        return nil
    }
}

extension [LogStorage.Segment] {
    /// Follows one record written to the last segment.
    mutating func apply(_ record: LogRecord) {
        switch record {
        case .entry(let entry):
            self[count - 1].lastLive = entry.index
        case .truncate(let index):
            for position in indices {
                self[position].floor = Swift.min(self[position].floor, index)
                let last = LogIndex(index.rawValue - 1)
                self[position].lastLive = Swift.min(self[position].lastLive, last)
            }
        case .reset(let position):
            for segment in indices {
                self[segment].floor = position.index.next
                self[segment].lastLive = .zero
            }
        case .hardState: break
        }
    }
}
