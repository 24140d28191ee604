// SPDX-License-Identifier: Apache-2.0

import Codecs
import LogStorage
import Primitives
import RaftCore

/// What a driver does: feed the core, and do in order what it asks for.
extension Stage {
    mutating func start(_ node: Int) throws(StatementError) {
        nodes[node - 1].start(settings)
        if nodes[node - 1].raft != nil { try advance(node, by: 0) }
    }

    mutating func advance(_ node: Int, by milliseconds: UInt64) throws(StatementError) {
        nodes[node - 1].clockMS += milliseconds
        try step(node, .tick(now: nodes[node - 1].clockMS))
    }

    mutating func step(_ node: Int, _ input: RaftInput) throws(StatementError) {
        guard let effects = nodes[node - 1].raft?.step(input) else { return }
        for effect in effects { try perform(effect, node) }
        if !nodes[node - 1].disk.isHeld { try flush(node) }
        if !nodes[node - 1].isApplyingHeld { try applyBacklog(node) }
    }

    private mutating func perform(_ effect: RaftEffect, _ node: Int) throws(StatementError) {
        switch effect {
        case .persist(let write): nodes[node - 1].disk.ask(.write(write))
        case .send(let message, let voter, nil): send(message, to: voter, node)
        case .send(let message, let voter, let after?):
            nodes[node - 1].held.append(.init(message: message, to: voter, after: after))
        case .apply(let entries): nodes[node - 1].backlog += entries
        case .proposed(let request, let position): settle(request, .proposed(position))
        case .dropped(let request, let refusal): settle(request, .dropped(refusal))
        case .readFailed(let request, let refusal): settle(request, .failed(refusal))
        case .changeRefused(let request, let refusal): settle(request, .refused(refusal))
        case .readReady(let request, let index):
            settle(request, .ready(index))
            nodes[node - 1].reads.append(.init(request: request, index: index))
            answerReads(node)
        case .role(.leader, let term, _): noteLeader(node, term)
        case .role: break
        case .readSnapshot(_, let peer, let offset, let byteCount):
            try passChunk(node, to: peer, offset, byteCount)
        case .installSnapshot(let metadata, let state):
            nodes[node - 1].disk.ask(.installation(metadata, state))
        case .quarantine(_, _, let restart): nodes[node - 1].beginAnew(from: restart)
        case .rebuilt: break
        case .alarm: break  // ``RaftStatus/alarms`` has those that are still true.
        }
    }

    private mutating func send(_ message: RaftMessage, to voter: Voter, _ node: Int) {
        let target = Int(voter.node.rawValue)
        guard !cuts.contains(where: { $0 == (node, target) }) else { return }
        mail.append(
            Letter(
                from: nodes[node - 1].voter,
                to: target,
                bytes: RaftMessageCodec.encode(message),
                kind: MessageKind(message)
            )
        )
    }

    // MARK: - State machine

    mutating func applyBacklog(_ node: Int) throws(StatementError) {
        let entries = nodes[node - 1].backlog
        guard let last = entries.last else { return }
        nodes[node - 1].backlog = []
        var digests: [StateDigest] = []
        for entry in entries {
            noteApplied(entry, by: node)
            nodes[node - 1].machine.apply(entry)
            if settings.isDigestPoint(entry) { digests.append(nodes[node - 1].machine.digest) }
        }
        answerReads(node)
        for digest in digests { try step(node, .digested(digest)) }
        // What a quarantine in between threw away was not applied.
        if nodes[node - 1].machine.applied == last.index { try step(node, .applied(last.index)) }
    }

    private mutating func answerReads(_ node: Int) {
        let machine = nodes[node - 1].machine
        for read in nodes[node - 1].reads where read.index <= machine.applied {
            settle(read.request, .saw(machine.names))
        }
        nodes[node - 1].reads.removeAll { $0.index <= machine.applied }
    }

    // MARK: - Disk

    /// Does what waits, at most `limit` jobs.
    mutating func flush(_ node: Int, limit: Int = .max) throws(StatementError) {
        var count = 0
        while count < limit {
            count += 1
            let job: ScenarioDisk.Job?
            do throws(LogStorageError) {
                job = try nodes[node - 1].disk.finishNext()
            } catch {
                // As in production: whatever the disk says, the process ends.
                nodes[node - 1].stop()
                nodes[node - 1].refusal = error
                return
            }
            guard let job else { return }
            try finished(job, node)
        }
    }

    private mutating func finished(
        _ job: ScenarioDisk.Job,
        _ node: Int
    ) throws(StatementError) {
        switch job {
        case .write(let write):
            let due = nodes[node - 1].held.filter { $0.after <= write.sequence }
            nodes[node - 1].held.removeAll { $0.after <= write.sequence }
            for held in due { send(held.message, to: held.to, node) }
            try step(node, .persisted(write.sequence))
        case .snapshot(let metadata, _): try step(node, .snapshotTaken(metadata))
        case .installation(let metadata, let state):
            let index = metadata.position.index
            nodes[node - 1].machine = CommandMachine(state: state, at: index)
            nodes[node - 1].backlog = []
            try step(node, .snapshotInstalled(metadata))
            answerReads(node)
        }
    }

    private mutating func passChunk(
        _ node: Int,
        to peer: NodeID,
        _ offset: UInt64,
        _ byteCount: Int
    ) throws(StatementError) {
        let chunk: (metadata: SnapshotMetadata, bytes: [UInt8])?
        do throws(LogStorageError) {
            chunk = try nodes[node - 1].disk.readSnapshot(offset, byteCount)
        } catch {
            throw StatementError(expected: "n\(node) to read its snapshot", found: "\(error)")
        }
        guard let chunk else { return }
        try step(
            node,
            .snapshotChunk(to: peer, chunk.metadata, offset: offset, bytes: chunk.bytes)
        )
    }

    // MARK: - Mail

    mutating func deliver(_ letter: Letter) throws(StatementError) {
        guard nodes.indices.contains(letter.to - 1) else { return }
        let message: RaftMessage
        do throws(ByteDecodingError) {
            message = try RaftMessageCodec.decode(letter.bytes[...])
        } catch {
            throw StatementError(expected: "a message", found: "\(error)")
        }
        try step(letter.to, .received(message, from: letter.from))
    }

    /// Delivers what waits, and what that causes, until all is silent.
    mutating func settleMail() throws(StatementError) {
        var count = 0
        while !mail.isEmpty {
            count += 1
            guard count < 20_000 else {
                throw StatementError(expected: "silence", found: "messages without end")
            }
            try deliver(mail.removeFirst())
        }
    }
}
