// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore
import SystemPackage

/// Reads a whole log and decides, by the table, whether and how it may be used.
///
/// Reads only. What it finds acceptable is put in order afterwards, by ``LogStorage/open(in:identity:options:)``, so a
/// refusal leaves every byte as it was found.
struct LogRecovery {
    let directory: any LogDirectory
    let identity: LogIdentity
    let options: LogStorage.Options
    /// What need not be scanned again.
    let shelf: SegmentShelf?

    var names: [String] = []
    var slot = HardStateSlots.Slot(version: 0, hardState: .initial, highestSegment: 0)
    /// Term and vote by slots and log together.
    var hardState = HardState.initial
    var segments: [LogStorage.Segment] = []
    var window = LogWindow(first: LogIndex(1))
    var nextSequence: UInt64 = 1
    var chain: UInt32 = 0
    /// Entries in the window, oldest first.
    var entries: [LogEntry] = []
    /// The last segment's header, and where its last good batch ends, in bytes.
    var tail: (header: SegmentHeader, end: Int)?
    /// The last segment up to there, for a start, which writes it anew.
    var tailBytes: [UInt8] = []
    /// Batches read, whatever they hold.
    var batchCount = 0
    /// Where the last good batch of the last segment starts, in bytes.
    var lastBatchStart = 0
    var snapshots: [SnapshotMetadata] = []
    var state: [UInt8]?
    var notes: [RecoveryNote] = []

    init(
        directory: any LogDirectory,
        identity: LogIdentity,
        options: LogStorage.Options,
        shelf: SegmentShelf? = nil
    ) throws(LogStorageError) {
        self.directory = directory
        self.identity = identity
        self.options = options
        self.shelf = shelf
        names = try io("list", "") { () throws(Errno) in try directory.names() }
        try readSlots()
        for name in names where name.hasSuffix(leftoverSuffix) {
            note(.leftover, name, "")
        }
        try readSegments()
        try readSnapshots()
        try requireTermsInOrder()
    }

    // MARK: - Hard state

    mutating func readSlots() throws(LogStorageError) {
        let name = HardStateSlots.name
        let hasLog = names.contains {
            SegmentHeader.number(in: $0) != nil || SnapshotFile.position(in: $0) != nil
        }
        guard names.contains(name) else {
            if hasLog { throw refusal(.hardStateLost, name, nil, "the file is missing") }
            throw .missing
        }
        var found: [(slot: HardStateSlots.Slot, owner: LogIdentity)] = []
        var details: [String] = []
        for start in [0, HardStateSlots.slotByteCount] {
            let read = try directory.readable(name) { () throws(Errno) in
                try directory.open(name).read(at: start, count: HardStateSlots.slotByteCount)
            }
            guard let slot = read else {
                details.append("slot at byte \(start): \(unreadableDetail)")
                continue
            }
            do throws(ByteDecodingError) {
                found.append(try HardStateSlots.decode(slot))
            } catch {
                try refuseIfNewer(error, name, start)
                details.append("slot at byte \(start): \(error)")
            }
        }
        try choose(found, details)
    }

    /// Reads the slots once more; what the log says of term and vote is known.
    mutating func readSlotsAgain() throws(LogStorageError) {
        let known = hardState
        try readSlots()
        try merge(known, HardStateSlots.name)
    }

    private mutating func choose(
        _ found: [(slot: HardStateSlots.Slot, owner: LogIdentity)],
        _ details: [String]
    ) throws(LogStorageError) {
        let name = HardStateSlots.name
        guard let newest = found.max(by: { $0.slot.version < $1.slot.version }) else {
            throw refusal(.hardStateLost, name, nil, details.joined(separator: ", "))
        }
        guard newest.slot.highestSegment > 0 else { throw .missing }
        if let finding = identity.finding(on: newest.owner) {
            throw refusal(finding, name, nil, "\(newest.owner), expected \(identity)")
        }
        if let detail = details.first { note(.oneSlotLost, name, detail) }
        slot = newest.slot
        hardState = newest.slot.hardState
    }

    /// Joins what the log says to what is known; the later of both counts.
    mutating func merge(_ other: HardState, _ file: String) throws(LogStorageError) {
        if other.term > hardState.term {
            hardState = other
        } else if other.term == hardState.term, let vote = other.vote {
            if let known = hardState.vote, known != vote {
                let detail = "\(known) and \(vote) in \(other.term)"
                throw refusal(.hardStateConflict, file, nil, detail)
            }
            hardState = other
        }
    }

    func requireTermsInOrder() throws(LogStorageError) {
        guard window.lastTerm <= hardState.term else {
            let detail = "entries of \(window.lastTerm), hard state of \(hardState.term)"
            throw refusal(.termConflict, HardStateSlots.name, nil, detail)
        }
    }

    // MARK: - Parts

    mutating func note(_ finding: RecoveryFinding, _ file: String, _ detail: String) {
        notes.append(RecoveryNote(finding: finding, file: file, detail: detail))
    }

    func refuseIfNewer(
        _ error: ByteDecodingError,
        _ file: String,
        _ offset: Int
    ) throws(LogStorageError) {
        guard case .unsupportedVersion(_, let found, let newest) = error else { return }
        let detail = "format \(found), this release reads up to \(newest)"
        throw refusal(.newerFormat, file, offset, detail)
    }

    func refusal(
        _ finding: RecoveryFinding,
        _ file: String,
        _ offset: Int?,
        _ detail: String
    ) -> LogStorageError {
        .refused(RecoveryRefusal(finding: finding, file: file, offset: offset, detail: detail))
    }

    func io<Result>(
        _ operation: String,
        _ file: String,
        _ body: () throws(Errno) -> Result
    ) throws(LogStorageError) -> Result {
        do throws(IOFailure) {
            return try failing(operation, file, body)
        } catch {
            throw .io(error)
        }
    }
}
