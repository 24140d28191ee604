// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Primitives
import RaftCore

/// One node's disk: the production log over a directory that can lose power.
///
/// Does what the log's own thread does: takes everything that waits, and performs it in order,
/// writes in a row as one batch. A flush takes effect when it ends; what a crash before that leaves
/// is drawn by cutting the flush off at one of its operations.
///
/// A class because it is one disk, wherever it is: in its node, or taken out.
final class SimulatedDisk {
    enum Job: Sendable {
        case write(LogWrite)
        /// The state machine's own snapshot; the log before it may go afterwards.
        case snapshot(SnapshotMetadata, [UInt8])
        /// A leader's snapshot, which replaces everything.
        case installation(SnapshotMetadata, [UInt8])
    }

    /// What the node is told.
    enum Completion: Sendable {
        case persisted(WriteSequence)
        case snapshotTaken(SnapshotMetadata)
        case snapshotInstalled(SnapshotMetadata, [UInt8])
    }

    /// What ends a process.
    enum Crash: Sendable {
        /// What was not synced is lost, in part and in any order.
        case power
        /// All that was written is still to be seen, durable or not.
        case process
    }

    private let identity: LogIdentity
    private let options: LogStorage.Options
    private var directory = CrashDirectory()
    /// What the medium really holds now, where it is no longer what was synced.
    ///
    /// The next start finds it. What was promised is still accounted by `directory`.
    private var damaged: CrashDirectory?
    /// Exists while the node runs.
    private var storage: LogStorage?
    private var waiting: [Job] = []
    private var flushing: [Job] = []
    /// Since when no process has opened the log; `nil` while one runs.
    private(set) var lastCrash: CrashRecord?
    private var look: DurableLook

    /// Makes a log with nothing in it but `first`.
    init(
        identity: LogIdentity,
        segmentByteCount: Int,
        first: LogWrite?
    ) throws(LogStorageError) {
        self.identity = identity
        options = Self.options(segmentByteCount)
        look = DurableLook(at: directory, identity: identity, options: options)
        try LogStorage.create(in: directory, identity: identity, options: options)
        if let first {
            let (storage, _) = try LogStorage.open(
                in: directory,
                identity: identity,
                options: options
            )
            try storage.write([first])
        }
        lastCrash = CrashRecord(before: durable, underWay: [])
    }

    private static func options(_ segmentByteCount: Int) -> LogStorage.Options {
        var options = LogStorage.Options()
        options.segmentByteCount = segmentByteCount
        return options
    }

    // MARK: - Life of a process

    /// Opens the log, as a process does when it starts.
    func open() throws(LogStorageError) -> RecoveredLog {
        let (storage, recovered) = try LogStorage.open(
            in: damaged ?? directory,
            identity: identity,
            options: options
        )
        self.storage = storage
        if let damaged {
            directory = damaged
            self.damaged = nil
            look = DurableLook(at: directory, identity: identity, options: options)
        }
        lastCrash = nil
        return recovered
    }

    /// Ends the process, and leaves what such an end may leave.
    ///
    /// - Returns: What the log refused for another reason than the crash; a bug.
    @discardableResult
    func crash(_ crash: Crash, using random: inout SplitMix64) -> LogStorageError? {
        if lastCrash == nil { lastCrash = CrashRecord(before: durable, underWay: flushing) }
        var refusal: LogStorageError?
        if storage != nil, !flushing.isEmpty {
            directory.crashAt = directory.operationCount + Int(random.next() % cutRange)
            refusal = perform(flushing) { _ in }
            if refusal?.isFault == true { refusal = nil }
        }
        let wasFull = (damaged ?? directory).isFullFrom != .max
        switch (crash, damaged) {
        case (.power, let medium?): damaged = medium.image(using: &random)
        case (.power, nil):
            directory = directory.image(using: &random)
            look = DurableLook(at: directory, identity: identity, options: options)
        case (.process, _): repair()
        }
        if wasFull, random.chance(percent: 60) { (damaged ?? directory).isFullFrom = 0 }
        storage = nil
        (waiting, flushing) = ([], [])
        return refusal
    }

    /// Above the number of operations that the flush under way takes, so that any may be the last.
    private var cutRange: UInt64 { 4 + 6 * UInt64(flushing.count) }

    // MARK: - Faults

    /// Lets operations of one kind fail soon.
    func failSoon(_ kind: FaultClass, using random: inout SplitMix64) {
        let medium = damaged ?? directory
        let operation = medium.operationCount + Int(random.next() % 8)
        switch kind {
        case .syncErrors: medium.syncFailsFrom = operation
        case .readErrors: medium.readsLeft = Int(random.next() % 12)
        case .fullDisks: medium.isFullFrom = operation
        default: medium.crashAt = operation
        }
    }

    /// Whether an error of the medium has been ordered.
    var isFaulty: Bool {
        let medium = damaged ?? directory
        return medium.syncFailsFrom != .max || medium.crashAt != .max || medium.readsLeft != .max
            || medium.isFullFrom != .max
    }

    /// Ends faults that were ordered.
    func repair() {
        let medium = damaged ?? directory
        (medium.syncFailsFrom, medium.crashAt) = (.max, .max)
        (medium.readsLeft, medium.isFullFrom) = (.max, .max)
    }

    /// From now on syncs do nothing and report success.
    func lie() { directory.syncLies = true }

    /// Whether the next start finds something else than what was synced.
    var isDamaged: Bool { damaged != nil }

    /// Changes what lies on the medium, while no process uses it.
    ///
    /// - Returns: What was done, in words.
    func damage(_ kind: FaultClass, using random: inout SplitMix64) -> String {
        precondition(storage == nil, "a process uses this disk")
        var damage = DiskDamage(files: directory.files, lastBatchStart: look.lastBatchStart())
        let what = damage.inflict(kind, using: &random)
        damaged = CrashDirectory(files: damage.files)
        return what
    }

    // MARK: - Work

    func ask(_ job: Job) { waiting.append(job) }

    /// Starts a flush of everything that waits; `false` if one is under way or nothing waits.
    func startFlush() -> Bool {
        guard flushing.isEmpty, !waiting.isEmpty else { return false }
        (flushing, waiting) = (waiting, [])
        return true
    }

    /// Ends the flush; what it does comes to pass now.
    ///
    /// - Parameter report: Is told what is durable now, in order.
    /// - Returns: What ended the log; it can only be opened again.
    func finishFlush(_ report: (Completion) -> Void) -> LogStorageError? {
        if isFaulty { lastCrash = CrashRecord(before: durable, underWay: flushing) }
        if let failure = perform(flushing, report) {
            storage = nil
            return failure
        }
        lastCrash = nil
        flushing = []
        return nil
    }

    /// As `LogWriter` does it.
    private func perform(_ jobs: [Job], _ report: (Completion) -> Void) -> LogStorageError? {
        guard let storage else { preconditionFailure("a disk at work without a process") }
        do throws(LogStorageError) {
            var writes: [LogWrite] = []
            for job in jobs {
                if case .write(let write) = job {
                    writes.append(write)
                } else {
                    try flush(&writes, to: storage, report)
                    try perform(job, on: storage, report)
                }
            }
            try flush(&writes, to: storage, report)
            return nil
        } catch {
            return error
        }
    }

    private func flush(
        _ writes: inout [LogWrite],
        to storage: LogStorage,
        _ report: (Completion) -> Void
    ) throws(LogStorageError) {
        guard let last = writes.last?.sequence else { return }
        try storage.write(writes)
        writes = []
        report(.persisted(last))
    }

    private func perform(
        _ job: Job,
        on storage: LogStorage,
        _ report: (Completion) -> Void
    ) throws(LogStorageError) {
        switch job {
        case .write: preconditionFailure("writes are gathered before")
        case .snapshot(let metadata, let state):
            try storage.saveSnapshot(metadata, state: state)
            try storage.compact(upTo: metadata.position.index)
            report(.snapshotTaken(metadata))
        case .installation(let metadata, let state):
            try storage.saveSnapshot(metadata, state: state)
            try storage.compact(upTo: metadata.position.index)
            report(.snapshotInstalled(metadata, state))
        }
    }

    // MARK: - What is there

    /// Term and vote as the running process knows them to be durable.
    var hardState: HardState? { storage?.hardState }

    var newestSnapshot: SnapshotMetadata? { storage?.newestSnapshot }

    func readSnapshot(
        _ metadata: SnapshotMetadata,
        _ range: Range<Int>
    ) throws(LogStorageError) -> [UInt8] {
        guard let storage else { throw .missing }
        let offset = UInt64(range.lowerBound)
        return try storage.readSnapshot(metadata, offset: offset, byteCount: range.count)
    }

    /// Changes made to the files so far.
    var operationCount: Int { (damaged ?? directory).operationCount }

    /// What a loss of power now would leave at worst.
    var durable: LogContent { look.content() }

    /// Whether a loss of power now leaves the entry, or a snapshot that covers it.
    func holdsDurably(_ position: LogPosition) -> Bool { look.holds(position) }
}

/// What a disk held, and what was on its way, when its process ended.
struct CrashRecord: Sendable {
    let before: LogContent
    let underWay: [SimulatedDisk.Job]
}

extension LogStorageError {
    /// Whether the medium failed, and not the log or whoever uses it.
    ///
    /// A full disk counts: here it ends the process, where the product waits for room.
    var isFault: Bool {
        switch self {
        case .io, .deadDisk, .full: true
        default: false
        }
    }

    /// Whether the log was found to be other than it was left.
    var isRefusal: Bool {
        if case .refused = self { true } else { false }
    }
}
