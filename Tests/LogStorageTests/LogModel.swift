// SPDX-License-Identifier: Apache-2.0
import LogStorage
import Primitives
import RaftCore

/// What a log must remember, as plain values: the reference for every test here.
struct LogModel: Equatable {
    var hardState = HardState.initial
    var snapshot: LogPosition?
    /// Behind the snapshot.
    var entries: [LogEntry] = []

    enum Step: Equatable {
        case write(LogWrite)
        case snapshot(LogPosition, byteCount: Int)
        case compact(LogIndex)
        case reopen
    }

    mutating func apply(_ step: Step) {
        switch step {
        case .write(let write):
            hardState = write.hardState ?? hardState
            if let index = write.truncateFrom { entries.removeAll { $0.index >= index } }
            entries += write.entries
        case .snapshot(let position, _):
            let isHeld = entries.contains { $0.position == position }
            entries = isHeld ? entries.filter { $0.index > position.index } : []
            snapshot = position
        case .compact, .reopen: break
        }
    }

    init() {}

    init(_ recovered: RecoveredLog) {
        hardState = recovered.hardState
        snapshot = recovered.snapshot?.metadata.position
        entries = recovered.entries
    }
}

// MARK: - Short forms

let ownIdentity = LogIdentity(
    cluster: ClusterID(UniqueID(high: 1, low: 2)),
    store: StoreID(UniqueID(high: 3, low: 4)),
    node: NodeID(5)
)

func tiny(_ segmentByteCount: Int = 4096) -> LogStorage.Options {
    var options = LogStorage.Options()
    options.segmentByteCount = segmentByteCount
    return options
}

func position(_ index: UInt64, _ term: UInt64) -> LogPosition {
    LogPosition(term: Term(term), index: LogIndex(index))
}

func entry(_ index: UInt64, _ term: UInt64, byteCount: Int = 40) -> LogEntry {
    // Zeros: the content that hides best among sectors that were never written.
    let payload = [UInt8](repeating: 0, count: byteCount)
    return LogEntry(position: position(index, term), kind: .command, payload: payload)
}

func write(
    _ indexes: ClosedRange<UInt64>? = nil,
    term: UInt64,
    vote: UInt64? = nil,
    truncateFrom: UInt64? = nil,
    byteCount: Int = 40
) -> LogModel.Step {
    .write(
        LogWrite(
            sequence: WriteSequence(0),
            hardState: HardState(term: Term(term), vote: vote.map(NodeID.init)),
            truncateFrom: truncateFrom.map(LogIndex.init),
            entries: indexes.map { $0.map { entry($0, term, byteCount: byteCount) } } ?? []
        )
    )
}

func snapshotState(_ position: LogPosition, byteCount: Int) -> (SnapshotMetadata, [UInt8]) {
    let state = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 1) }
    let voters = VoterSet(incoming: [Voter(node: ownIdentity.node, store: ownIdentity.store)])
    let metadata = SnapshotMetadata(
        position: position,
        voters: voters,
        byteCount: UInt64(byteCount),
        checksum: CRC32C.checksum(state)
    )
    return (metadata, state)
}

extension LogStorage {
    /// Performs one step of a model; `reopen` is the caller's.
    func perform(_ step: LogModel.Step) throws(LogStorageError) {
        switch step {
        case .write(let write): try self.write([write])
        case .snapshot(let position, let byteCount):
            let (metadata, state) = snapshotState(position, byteCount: byteCount)
            try saveSnapshot(metadata, state: state)
        case .compact(let index): try compact(upTo: index)
        case .reopen: break
        }
    }
}
