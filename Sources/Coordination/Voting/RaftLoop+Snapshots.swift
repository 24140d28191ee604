// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore

/// When the state is written down.
extension RaftLoop {
    /// Captures the state when enough was applied since the last time, and saves it once it is known
    /// to be the majority's: a snapshot is what is sent to others, and may be the only copy.
    mutating func saveIfGrown() {
        captureIfGrown()
        guard let state = snapshots.takeProven(upTo: core.provenIndex),
            let position = core.position(at: state.index)
        else { return }
        snapshots.saving()
        let voters = core.voters(at: state.index)
        writer.submit(.saveSnapshot(position, voters, encode: state.encode))
    }

    private mutating func captureIfGrown() {
        guard snapshots.isDue, !core.isQuarantined else { return }
        let (index, encode) = machine.capture()
        // A machine that began with a checkpoint may still be ahead of what the log has replayed.
        guard index <= core.applied, core.position(at: index) != nil else { return }
        snapshots.capture(CapturedState(index: index, encode: encode))
    }

    mutating func readSnapshot(
        _ metadata: SnapshotMetadata,
        for node: NodeID,
        offset: UInt64,
        byteCount: Int
    ) {
        guard let part = snapshots.part(of: metadata, offset: offset, byteCount: byteCount) else {
            return
        }
        step(.snapshotChunk(to: node, part.metadata, offset: part.offset, bytes: part.bytes))
    }
}
