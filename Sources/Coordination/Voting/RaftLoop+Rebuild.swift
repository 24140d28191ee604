// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore

/// A state that differs from the majority's.
extension RaftLoop {
    /// Makes another from the snapshot and the log.
    mutating func beginRebuild(
        own: StateDigest,
        agreed: StateDigest,
        from restart: SnapshotMetadata?
    ) {
        rebuildCount += 1
        snapshots.discardCaptured()
        ports.stateChanged(.quarantined(own, agreed: agreed))
        let isKept = snapshots.latest?.metadata == restart
        let state = isKept ? snapshots.latest?.state : nil
        let isIntact = state.map { CRC32C.checksum($0) } == restart?.checksum
        if !isKept || !isIntact
            || !machine.beginRebuild(from: state, at: restart?.position.index ?? .zero)
        {
            // Only a start from the disk helps, where all is checksummed.
            ports.stateChanged(.snapshotLost)
        }
    }
}
