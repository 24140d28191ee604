// SPDX-License-Identifier: Apache-2.0
import Dispatch
import LogStorage
import Primitives
import RaftCore

/// What the log's thread does with a batch of jobs.
extension LogWriter {
    /// Writes in a row go to the disk together, with one sync; the rest in order.
    static func perform(
        _ jobs: [Job],
        on storage: LogStorage,
        report: @Sendable (Completion) -> Void
    ) throws(LogStorageError) {
        var writes: [LogWrite] = []
        for job in jobs {
            if case .write(let write) = job {
                writes.append(write)
                continue
            }
            try flush(&writes, to: storage, report: report)
            try performSingle(job, on: storage, report: report)
        }
        try flush(&writes, to: storage, report: report)
    }

    private static func flush(
        _ writes: inout [LogWrite],
        to storage: LogStorage,
        report: @Sendable (Completion) -> Void
    ) throws(LogStorageError) {
        guard let last = writes.last?.sequence else { return }
        let started = DispatchTime.now().uptimeNanoseconds
        try storage.write(writes)
        let took = DispatchTime.now().uptimeNanoseconds - started
        writes = []
        report(.persisted(last, seconds: Double(took) / 1e9))
    }

    private static func performSingle(
        _ job: Job,
        on storage: LogStorage,
        report: @Sendable (Completion) -> Void
    ) throws(LogStorageError) {
        switch job {
        case .write:
            preconditionFailure("writes are gathered before")
        case .saveSnapshot(let position, let voters, let encode):
            guard let state = encode() else { return report(.snapshotDamaged(position)) }
            let metadata = SnapshotMetadata(
                position: position,
                voters: voters,
                byteCount: UInt64(state.count),
                checksum: CRC32C.checksum(state)
            )
            try storage.saveSnapshot(metadata, state: state)
            try storage.compact(upTo: position.index)
            report(.snapshotSaved(metadata, state: state))
        case .installSnapshot(let metadata, let state):
            try storage.saveSnapshot(metadata, state: state)
            try storage.compact(upTo: metadata.position.index)
            report(.snapshotInstalled(metadata, state: state))
        }
    }
}
