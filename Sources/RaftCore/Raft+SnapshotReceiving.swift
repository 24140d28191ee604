// SPDX-License-Identifier: Apache-2.0

import Primitives

/// A leader's snapshot on its way in.
struct IncomingSnapshot: Sendable {
    let metadata: SnapshotMetadata
    /// Everything that has arrived, from the start, without gaps.
    var state: [UInt8] = []
    /// Whether the driver has it and is making it durable.
    var isInstalling = false

    var offset: UInt64 { isInstalling ? metadata.byteCount : UInt64(state.count) }
    var isWhole: Bool { offset == metadata.byteCount }
    var isIntact: Bool { CRC32C.checksum(state) == metadata.checksum }
}

/// The follower's side of snapshots (Raft §7).
///
/// While one is being installed the log stands still: appends are left unanswered, nothing is
/// handed out, and a second snapshot is dropped (etcd#18055).
extension Raft {
    var isInstalling: Bool { incomingSnapshot?.isInstalling == true }

    mutating func take(_ chunk: SnapshotChunk, from sender: Voter) {
        guard follow(sender), !isInstalling else { return }
        let position = chunk.metadata.position
        if log.holds(position), position.index > commit {
            advanceCommit(to: position.index)  // A snapshot holds nothing but committed entries.
        }
        if position.index <= commit {
            incomingSnapshot = nil
            return sendWhenDurable(.snapshotReply(.installed(commit)), to: sender)
        }
        guard takesEntries else { return }
        guard chunk.metadata.byteCount <= settings.snapshotBytes,
            chunk.bytes.count <= settings.snapshotChunkBytes
        else { return ignore() }
        add(chunk)
        if let incoming = incomingSnapshot, incoming.isWhole { install(incoming) }
        askForMore(of: position, from: sender)
    }

    /// What has arrived so far of a snapshot that is on its way in; `nil` where there is none.
    ///
    /// To be kept, so that a restart need not begin again; all that is lost with it comes again.
    package var arriving: (metadata: SnapshotMetadata, byteCount: Int)? {
        incomingSnapshot.map { ($0.metadata, Int($0.offset)) }
    }

    /// The bytes of it from `start` on; none once it is being installed.
    package func arrived(from start: Int) -> [UInt8] {
        Array(incomingSnapshot?.state.dropFirst(start) ?? [])
    }

    /// Goes on with what a restart has found again; nobody vouches for it but the whole's checksum.
    mutating func takeUp(_ arrived: (metadata: SnapshotMetadata, state: [UInt8])?) {
        guard let arrived, arrived.metadata.position.index > commit,
            UInt64(arrived.state.count) <= arrived.metadata.byteCount,
            arrived.metadata.byteCount <= settings.snapshotBytes
        else { return }
        incomingSnapshot = IncomingSnapshot(metadata: arrived.metadata, state: arrived.state)
    }

    /// Adds a chunk if it is the one that is missing.
    private mutating func add(_ chunk: SnapshotChunk) {
        if incomingSnapshot?.metadata != chunk.metadata {
            // A transfer starts with its first byte; a stray piece of another changes nothing.
            guard chunk.offset == 0 else { return }
            incomingSnapshot = IncomingSnapshot(metadata: chunk.metadata)
        }
        guard chunk.offset == incomingSnapshot?.offset else { return }
        incomingSnapshot?.state += chunk.bytes
    }

    private mutating func askForMore(of position: LogPosition, from sender: Voter) {
        let isOurs = incomingSnapshot?.metadata.position == position
        let offset = isOurs ? incomingSnapshot?.offset ?? 0 : 0
        send(.snapshotReply(.next(position: position, offset: offset)), to: sender)
    }

    private mutating func install(_ incoming: IncomingSnapshot) {
        guard incoming.isIntact else {
            ignore()
            incomingSnapshot = nil  // From the start again.
            return
        }
        incomingSnapshot?.state = []  // The driver has it now.
        incomingSnapshot?.isInstalling = true
        outbox.tell(.installSnapshot(incoming.metadata, state: incoming.state))
    }

    /// The snapshot is durable and loaded: the log goes on behind it.
    mutating func snapshotInstalled(_ metadata: SnapshotMetadata) {
        guard isInstalling, incomingSnapshot?.metadata == metadata else { return }
        let position = metadata.position
        precondition(position.index > commit, "installed \(position), \(statusLine)")
        incomingSnapshot = nil
        snapshot = metadata
        if log.holds(position) {
            log.compact(through: position.index)
        } else {
            outbox.stageTruncation(from: LogIndex(1))  // The disk may hold more than we do.
            log = RaftLog(base: position)
        }
        configuration = ConfigurationHistory(at: position.index, voters: metadata.voters)
        for entry in log.entries(from: position.index.next, through: log.last.index) {
            configuration.appended(entry)
        }
        commit = position.index
        applied = position.index
        handedOut = position.index
        writes.covered(through: position.index)
        digests.forgetPoints()
        digests.prove(position.index)
        leaveQuarantineIfCaughtUp()
        if let leaderVoter {
            sendWhenDurable(.snapshotReply(.installed(position.index)), to: leaderVoter)
        }
    }
}
