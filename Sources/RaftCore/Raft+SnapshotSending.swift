// SPDX-License-Identifier: Apache-2.0

import Primitives

/// The leader's side of snapshots (Raft §7), and the compaction they allow.
extension Raft {
    /// Drops the log behind a snapshot, but for entries that a late follower may still need.
    mutating func snapshotTaken(_ metadata: SnapshotMetadata) {
        let index = metadata.position.index
        takenSnapshot = nil
        guard index > snapshot?.position.index ?? .zero else { return }
        if isQuarantined, index > applied {
            takenSnapshot = metadata  // Saved while the state was thrown away; soon it counts.
            return
        }
        precondition(
            index <= applied && log.holds(metadata.position),
            "snapshot of \(metadata.position), \(statusLine)"
        )
        snapshot = metadata
        digests.prove(index)
        configuration.compacted(through: index)
        let trailing = settings.trailingEntryCount
        if index.rawValue > trailing { log.compact(through: LogIndex(index.rawValue - trailing)) }
    }

    /// Turns to the snapshot for a follower whose next entry is gone.
    mutating func startSnapshot(to peer: Int) {
        guard let snapshot else { return }
        leadership?.peers[peer].becomeTransferring(
            SnapshotTransfer(metadata: snapshot, askedMS: now)
        )
        askForChunk(for: peer)
    }

    /// Asks the driver for the bytes from the transfer's offset on.
    private mutating func askForChunk(for peer: Int) {
        guard let progress = leadership?.peers[peer],
            case .snapshot(var transfer) = progress.state
        else { return }
        let left = transfer.metadata.byteCount - transfer.offset
        let byteCount = Int(min(left, UInt64(settings.snapshotChunkBytes)))
        transfer.askedMS = now
        transfer.isReading = byteCount > 0
        leadership?.peers[peer].update(transfer)
        if byteCount > 0 {
            outbox.tell(
                .readSnapshot(
                    transfer.metadata,
                    to: progress.voter.node,
                    offset: transfer.offset,
                    byteCount: byteCount
                )
            )
        } else {
            // An empty snapshot; or all has arrived, and we ask whether it is installed.
            sendChunk(transfer, bytes: [], to: progress.voter)
        }
    }

    /// Passes on what the driver read.
    ///
    /// A driver that no longer has the snapshot of the transfer answers with the first chunk of its
    /// latest one; the transfer then starts again with that.
    mutating func sendChunk(
        to node: NodeID,
        _ metadata: SnapshotMetadata,
        offset: UInt64,
        bytes: [UInt8]
    ) {
        guard let peer = leadership?.position(of: node), let progress = leadership?.peers[peer],
            case .snapshot(var transfer) = progress.state, transfer.isReading
        else { return }
        if metadata != transfer.metadata {
            guard offset == 0, metadata == snapshot else { return }
            transfer = SnapshotTransfer(metadata: metadata, askedMS: now)
        }
        guard offset == transfer.offset else { return }
        transfer.isReading = false
        transfer.askedMS = now
        leadership?.peers[peer].update(transfer)
        sendChunk(transfer, bytes: bytes, to: progress.voter)
    }

    private mutating func sendChunk(_ transfer: SnapshotTransfer, bytes: [UInt8], to voter: Voter) {
        let chunk = SnapshotChunk(
            metadata: transfer.metadata,
            offset: transfer.offset,
            bytes: bytes
        )
        send(.snapshotChunk(chunk), to: voter)
    }

    mutating func chunkAnswered(_ reply: SnapshotReply, from sender: Voter) {
        guard let peer = leadership?.position(of: sender), let progress = leadership?.peers[peer]
        else { return }
        switch reply {
        case .installed(let index): accepted(index, by: peer)
        case .next(let position, let offset):
            // The offset we stand at is an answer to a copy: sending again would double for ever.
            guard case .snapshot(var transfer) = progress.state,
                transfer.metadata.position == position, offset != transfer.offset,
                offset <= transfer.metadata.byteCount
            else { return }
            transfer.offset = offset
            transfer.askedMS = now
            leadership?.peers[peer].update(transfer)
            // All has arrived: being installed, which it will tell.
            if offset < transfer.metadata.byteCount { askForChunk(for: peer) }
        }
    }

    /// Asks again when a chunk, or the answer to it, seems to be lost.
    mutating func retryChunk(to peer: Int) {
        guard case .snapshot(let transfer) = leadership?.peers[peer].state,
            now - min(now, transfer.askedMS) >= settings.electionMS
        else { return }
        askForChunk(for: peer)
    }
}
