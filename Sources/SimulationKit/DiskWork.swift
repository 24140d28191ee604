// SPDX-License-Identifier: Apache-2.0

import LogStorage
import RaftCore

/// What a node's log has to do, and does, in order: as the log's own thread does it in `Coordination`.
///
/// A job that finds the disk full stays, with everything behind it: nothing was promised for it, and it
/// goes on when there is room.
struct DiskWork {
    private(set) var jobs: [SimulatedDisk.Job] = []
    /// Told once a write that waits for room is durable.
    private var unfinished: SimulatedDisk.Completion?

    var isEmpty: Bool { jobs.isEmpty && unfinished == nil }

    /// Takes over everything that waits; both lists keep the room they have.
    mutating func begin(with waiting: inout [SimulatedDisk.Job]) {
        precondition(isEmpty, "a flush before the end of the last")
        swap(&jobs, &waiting)
    }

    /// Does everything; writes in a row go to the disk together, with one sync.
    ///
    /// `begin` is told before each thing that is begun what is still to be done, it included; `report`
    /// what is durable now, in order.
    /// - Throws: `full`, to be called again when there is room; anything else is final.
    mutating func work(
        on storage: LogStorage,
        begin: ([SimulatedDisk.Job]) -> Void,
        report: (SimulatedDisk.Completion) -> Void
    ) throws(LogStorageError) {
        try finishUnfinished(on: storage, report)
        while let job = jobs.first {
            begin(jobs)
            switch job {
            case .write: try write(to: storage, report)
            case .snapshot(let metadata, let state):
                jobs.removeFirst()
                try save(metadata, state, on: storage, report)
            case .installation(let metadata, let state):
                try install(metadata, state, on: storage, report)
                jobs.removeFirst()
            }
        }
    }

    private mutating func finishUnfinished(
        on storage: LogStorage,
        _ report: (SimulatedDisk.Completion) -> Void
    ) throws(LogStorageError) {
        guard let completion = unfinished else { return }
        try storage.resume()
        if case .snapshotInstalled(let metadata, _) = completion {
            try storage.compact(upTo: metadata.position.index)
        }
        unfinished = nil
        report(completion)
    }

    private mutating func write(
        to storage: LogStorage,
        _ report: (SimulatedDisk.Completion) -> Void
    ) throws(LogStorageError) {
        var writes: [LogWrite] = []
        while writes.count < jobs.count, case .write(let write) = jobs[writes.count] {
            writes.append(write)
        }
        jobs.removeFirst(writes.count)
        guard let last = writes.last?.sequence else { return }
        unfinished = .persisted(last)
        try storage.write(writes)
        unfinished = nil
        report(.persisted(last))
    }

    /// A snapshot that finds no room is given up: the log holds what it would have said.
    private func save(
        _ metadata: SnapshotMetadata,
        _ state: [UInt8],
        on storage: LogStorage,
        _ report: (SimulatedDisk.Completion) -> Void
    ) throws(LogStorageError) {
        do throws(LogStorageError) {
            try storage.saveSnapshot(metadata, state: state)
        } catch {
            guard case .full = error, !storage.isWaitingForSpace else { throw error }
            return report(.snapshotGivenUp)
        }
        try storage.compact(upTo: metadata.position.index)
        report(.snapshotTaken(metadata, state))
    }

    private mutating func install(
        _ metadata: SnapshotMetadata,
        _ state: [UInt8],
        on storage: LogStorage,
        _ report: (SimulatedDisk.Completion) -> Void
    ) throws(LogStorageError) {
        do throws(LogStorageError) {
            try storage.saveSnapshot(metadata, state: state)
        } catch {
            if storage.isWaitingForSpace {  // In place; the mark of it in the log is not.
                unfinished = .snapshotInstalled(metadata, state)
                jobs.removeFirst()
            }
            throw error
        }
        try storage.compact(upTo: metadata.position.index)
        report(.snapshotInstalled(metadata, state))
    }
}
