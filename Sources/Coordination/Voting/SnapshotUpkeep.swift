// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore

/// A state as it was at one moment, not encoded yet.
struct CapturedState {
    let index: LogIndex
    let encode: @Sendable () -> [UInt8]?
}

/// What a voter knows of the snapshots it takes, has, and is given.
///
/// ```
///   enough applied ─▶ captured ── proven to be the majority's ──▶ being saved ─▶ latest
///                        leader's snapshot ─▶ being installed ───────────────────▶ latest
/// ```
struct SnapshotUpkeep {
    typealias Latest = (metadata: SnapshotMetadata, state: [UInt8])

    /// The durable one: restarts begin with it, and voters that trail far behind are sent it.
    private(set) var latest: Latest?
    /// A state to be saved once the majority is known to hold the same; see ``Raft/provenIndex``.
    private(set) var captured: CapturedState?
    private var isSaving = false
    /// A leader's snapshot is on its way to the disk: a save asked for behind it would be older.
    private var isInstalling = false
    private var applied = (entries: 0, bytes: 0)
    private let limits: CoordinationLimits

    init(latest: Latest?, limits: CoordinationLimits) {
        self.latest = latest
        self.limits = limits
    }

    mutating func applied(_ entry: LogEntry) {
        applied.entries += 1
        applied.bytes += entry.payload.count
    }

    /// Whether enough was applied since the last time, and nothing else is under way.
    var isDue: Bool {
        let isGrown =
            applied.entries >= limits.snapshotEntries || applied.bytes >= limits.snapshotBytes
        return isGrown && captured == nil && !isSaving && !isInstalling
    }

    mutating func capture(_ state: CapturedState) {
        applied = (0, 0)
        captured = state
    }

    /// Takes out what was captured if it may be saved, being proven up to `proven`.
    mutating func takeProven(upTo proven: LogIndex) -> CapturedState? {
        guard let state = captured, state.index <= proven, !isInstalling else { return nil }
        captured = nil
        return state
    }

    /// What was captured may be wrong.
    mutating func discardCaptured() { captured = nil }

    mutating func saving() { isSaving = true }

    mutating func saved(_ snapshot: Latest) {
        isSaving = false
        latest = snapshot
    }

    mutating func notSaved() { isSaving = false }

    mutating func installing() { isInstalling = true }

    mutating func installed(_ snapshot: Latest) {
        isInstalling = false
        captured = nil
        applied = (0, 0)
        latest = snapshot
    }

    /// A part of the latest snapshot, at most `byteCount` bytes.
    ///
    /// One that was superseded meanwhile is begun again with the newer one's first bytes.
    func part(
        of metadata: SnapshotMetadata,
        offset: UInt64,
        byteCount: Int
    ) -> (metadata: SnapshotMetadata, offset: UInt64, bytes: [UInt8])? {
        guard let latest else { return nil }
        let isLatest = latest.metadata == metadata && offset <= UInt64(latest.state.count)
        let start = isLatest ? Int(offset) : 0
        let end = min(start + byteCount, latest.state.count)
        return (latest.metadata, UInt64(start), Array(latest.state[start..<end]))
    }
}
