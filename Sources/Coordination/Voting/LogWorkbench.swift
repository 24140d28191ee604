// SPDX-License-Identifier: Apache-2.0
import Dispatch
import LogStorage
import Primitives
import RaftCore

/// What the log's thread has to do, and does, in order.
///
/// A job that finds the disk full stays, with everything behind it: nothing was promised for it, and it
/// goes on when there is space.
struct LogWorkbench {
    private let storage: LogStorage
    private let report: @Sendable (LogWriter.Completion) -> Void
    private var queue: [LogWriter.Job] = []
    /// Told once a write that waits for space is durable.
    private var unfinished: LogWriter.Completion?
    /// Up to which write terms and votes were made durable before the entries beside them.
    private var promised: WriteSequence?

    init(
        _ storage: LogStorage,
        report: @escaping @Sendable (LogWriter.Completion) -> Void
    ) {
        self.storage = storage
        self.report = report
    }

    var isEmpty: Bool { queue.isEmpty && unfinished == nil }

    mutating func add(_ jobs: [LogWriter.Job]) { queue += jobs }

    /// Does everything; writes in a row go to the disk together, with one sync.
    ///
    /// - Throws: `full`, to be called again when there is space; anything else is final.
    mutating func work() throws(LogStorageError) {
        do throws(LogStorageError) {
            try finishUnfinished()
            try workQueue()
        } catch {
            if case .full = error { try promise() }
            throw error
        }
    }

    /// What waits for space is entries: a term or a vote behind them must not, or this voter could not
    /// vote for as long as its disk is full.
    private mutating func promise() throws(LogStorageError) {
        var (last, newest): (WriteSequence?, HardState?)
        if case .persisted(let sequence, _)? = unfinished { last = sequence }
        for (position, job) in queue.enumerated() {
            guard case .write(let write) = job else { continue }
            last = write.sequence
            guard let state = write.hardState else { continue }
            newest = state
            queue[position] = .write(write.withoutHardState)
        }
        guard let last, last != promised else { return }
        try storage.promise(newest)
        promised = last
        report(.promised(last))
    }

    private mutating func workQueue() throws(LogStorageError) {
        while let job = queue.first {
            switch job {
            case .write:
                try write()
            case .saveSnapshot(let position, let voters, let encode):
                queue.removeFirst()
                try save(position, voters, encode())
            case .installSnapshot(let metadata, let state):
                try install(metadata, state)
                queue.removeFirst()
            }
        }
    }

    private mutating func finishUnfinished() throws(LogStorageError) {
        guard let completion = unfinished else { return }
        try storage.resume()
        if case .snapshotInstalled(let metadata, _) = completion {
            try storage.compact(upTo: metadata.position.index)
        }
        unfinished = nil
        report(completion)
    }

    private mutating func write() throws(LogStorageError) {
        var writes: [LogWrite] = []
        while case .write(let write)? = queue.first {
            writes.append(write)
            queue.removeFirst()
        }
        guard let last = writes.last?.sequence else { return }
        let started = DispatchTime.now().uptimeNanoseconds
        unfinished = .persisted(last, seconds: 0)
        try storage.write(writes)
        unfinished = nil
        let took = DispatchTime.now().uptimeNanoseconds - started
        report(.persisted(last, seconds: Double(took) / 1e9))
    }

    /// A snapshot that finds no space is given up: the log holds what it would have said.
    private mutating func save(
        _ position: LogPosition,
        _ voters: VoterSet,
        _ state: [UInt8]?
    ) throws(LogStorageError) {
        guard let state else { return report(.snapshotDamaged(position)) }
        let metadata = SnapshotMetadata(
            position: position,
            voters: voters,
            byteCount: UInt64(state.count),
            checksum: CRC32C.checksum(state)
        )
        do throws(LogStorageError) {
            try storage.saveSnapshot(metadata, state: state)
        } catch {
            guard case .full = error, !storage.isWaitingForSpace else { throw error }
            return report(.snapshotGivenUp)
        }
        try storage.compact(upTo: position.index)
        report(.snapshotSaved(metadata, state: state))
    }

    private mutating func install(
        _ metadata: SnapshotMetadata,
        _ state: [UInt8]
    ) throws(LogStorageError) {
        do throws(LogStorageError) {
            try storage.saveSnapshot(metadata, state: state)
        } catch {
            if storage.isWaitingForSpace {  // In place; the mark of it in the log is not.
                unfinished = .snapshotInstalled(metadata, state: state)
                queue.removeFirst()
            }
            throw error
        }
        try storage.compact(upTo: metadata.position.index)
        report(.snapshotInstalled(metadata, state: state))
    }

    /// Fits what is kept to the room that is left.
    func adapt(to level: DiskLevel) throws(LogStorageError) {
        try storage.keepSpareSnapshot(level < .tight)
    }
}

extension LogWrite {
    /// The same entries; their term and vote are durable already.
    fileprivate var withoutHardState: LogWrite {
        LogWrite(
            sequence: sequence,
            hardState: nil,
            truncateFrom: truncateFrom,
            entries: entries
        )
    }
}
