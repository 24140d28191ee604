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
        indirect case snapshot(SnapshotMetadata, [UInt8])
        /// A leader's snapshot, which replaces everything.
        indirect case installation(SnapshotMetadata, [UInt8])
    }

    /// What the node is told.
    enum Completion: Sendable {
        case persisted(WriteSequence)
        indirect case snapshotTaken(SnapshotMetadata, [UInt8])
        /// There was no room for a snapshot of its own.
        case snapshotGivenUp
        indirect case snapshotInstalled(SnapshotMetadata, [UInt8])
    }

    /// How a flush ended.
    enum Flush {
        case done
        /// What is left of it waits for room.
        case stuck
        /// The log can only be opened again.
        case failed(LogStorageError)
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
    private var flushing = DiskWork()
    /// Files may still grow so often once the disk is full: space was kept back for this.
    private var reserve = SimulatedDisk.reserveCount
    /// Whether a write waits for room.
    private(set) var isStuck = false
    /// Since when no process has opened the log; `nil` while one runs.
    private(set) var lastCrash: CrashRecord?
    private var look: DurableLook

    /// Changes that a released reserve leaves room for.
    private static let reserveCount = 24

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

    /// Opens the log, as a process does when it starts: on a full disk with what was kept back for it.
    func open() throws(LogStorageError) -> RecoveredLog {
        do throws(LogStorageError) {
            return try openLog()
        } catch {
            guard case .full = error, releaseReserve() else { throw error }
            return try openLog()
        }
    }

    private func openLog() throws(LogStorageError) -> RecoveredLog {
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
        if lastCrash == nil { lastCrash = CrashRecord(before: durable, underWay: flushing.jobs) }
        var refusal: LogStorageError?
        if storage != nil, !flushing.isEmpty {
            directory.crashAt = directory.operationCount + Int(random.next() % cutRange)
            if case .failed(let error) = work({ _ in }), !error.isFault { refusal = error }
        }
        let wasFull = isFull
        switch (crash, damaged) {
        case (.power, let medium?): damaged = medium.image(using: &random)
        case (.power, nil):
            directory = directory.image(using: &random)
            look = DurableLook(at: directory, identity: identity, options: options)
        case (.process, _): repair()
        }
        if wasFull { (damaged ?? directory).isFullFrom = 0 }
        storage = nil
        (waiting, flushing, isStuck) = ([], DiskWork(), false)
        return refusal
    }

    /// Above the number of operations that the flush under way takes, so that any may be the last.
    private var cutRange: UInt64 { 4 + 6 * UInt64(flushing.jobs.count) }

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

    /// Whether nothing can grow.
    var isFull: Bool {
        let medium = damaged ?? directory
        return medium.operationCount >= medium.isFullFrom
    }

    /// Whether it is, or will be soon.
    var isFilling: Bool { (damaged ?? directory).isFullFrom != .max }

    /// Gives back what was kept for a full disk; `false` if that has been used up before.
    func releaseReserve() -> Bool {
        guard reserve > 0 else { return false }
        let medium = damaged ?? directory
        medium.isFullFrom = medium.operationCount + reserve
        reserve = 0
        return true
    }

    /// There is room again.
    func makeRoom() {
        (damaged ?? directory).isFullFrom = .max
        reserve = Self.reserveCount
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
        flushing.begin(with: &waiting)
        return true
    }

    /// Ends the flush, or goes on with one that waits for room; what it does comes to pass now.
    ///
    /// - Parameter report: Is told what is durable now, in order.
    /// - Returns: How it ended.
    func finishFlush(_ report: (Completion) -> Void) -> Flush {
        let end = work(report)
        switch end {
        case .done: lastCrash = nil
        case .stuck: break  // What it may leave is on record.
        case .failed: storage = nil
        }
        return end
    }

    /// As `LogWriter` does it.
    private func work(_ report: (Completion) -> Void) -> Flush {
        guard let storage else { preconditionFailure("a disk at work without a process") }
        let isFaulty = isFaulty
        do throws(LogStorageError) {
            try flushing.work(on: storage) { left in
                if isFaulty { lastCrash = CrashRecord(before: durable, underWay: left) }
            } report: { completion in
                report(completion)
            }
            isStuck = false
            return .done
        } catch {
            guard case .full = error else { return .failed(error) }
            isStuck = true
            return .stuck
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
    /// A full disk counts: a start that finds no room ends.
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
