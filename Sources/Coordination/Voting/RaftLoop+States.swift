// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore

/// Another state in the place of the one that entries were applied to.
///
/// Reading a big one takes long, so a thread of its own does, and the loop goes on: it answers the
/// leader, and votes, and keeps what is committed until the state is there.
extension RaftLoop {
    /// What was made ready beside the loop.
    enum Prepared: Sendable {
        /// For the `stateCount`th state; `nil` where it cannot be made.
        case rebuild(stateCount: Int, begin: (@Sendable () -> Void)?)
        /// A leader's snapshot, durable and read.
        case snapshot(SnapshotMetadata, state: [UInt8], show: @Sendable () -> Void)
        /// What had arrived of a leader's snapshot is kept, or could not be.
        case kept(isWritten: Bool)
    }

    /// The state differs from the majority's: makes another from the snapshot and the log.
    mutating func beginRebuild(
        own: StateDigest,
        agreed: StateDigest,
        from restart: SnapshotMetadata?
    ) {
        stateCount += 1
        backlog.clear()
        snapshots.discardCaptured()
        machine.doubt()
        ports.stateChanged(.quarantined(own, agreed: agreed))
        guard snapshots.latest?.metadata == restart else {
            return ports.stateChanged(.snapshotLost)
        }
        backlog.pause()
        prepare { [machine, stateCount, state = snapshots.latest?.state] in
            let isIntact = state.map { CRC32C.checksum($0) } == restart?.checksum
            let index = restart?.position.index ?? .zero
            let begin = isIntact ? machine.prepareRebuild(from: state, at: index) : nil
            return .prepared(.rebuild(stateCount: stateCount, begin: begin))
        }
    }

    /// A leader's snapshot is durable: it is to be shown.
    mutating func prepareSnapshot(_ metadata: SnapshotMetadata, _ state: [UInt8]) {
        prepare { [machine] in
            let show = machine.prepareRestore(state, at: metadata.position.index)
            return .prepared(.snapshot(metadata, state: state, show: show))
        }
    }

    mutating func begin(_ prepared: Prepared) {
        switch prepared {
        case .rebuild(let count, let begin):
            guard count == stateCount else { return }  // Another one has overtaken it.
            backlog.resume()
            guard let begin else {
                // Only a start from the disk helps, where all is checksummed.
                return ports.stateChanged(.snapshotLost)
            }
            begin()
        case .snapshot(let metadata, let state, let show):
            stateCount += 1
            backlog.clear()
            snapshots.installed((metadata, state))
            show()
            proposals.skipped(to: metadata.position.index)
            step(.snapshotInstalled(metadata))
        case .kept(let isWritten): keptArriving(isWritten: isWritten)
        }
    }
}
