// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Primitives
import RaftCore

/// The state machine beside each core: applying, answering, snapshots.
extension World {
    mutating func apply(
        _ entries: [LogEntry],
        _ node: Int,
        _ observation: inout Observation
    ) {
        for entry in entries {
            if entry.index != nodes[node].machine.applied.next {
                tally.complaint = "\(entry.position) applied behind \(nodes[node].machine.applied)"
            }
            let outcome = nodes[node].machine.apply(entry)
            recordChange(entry, node)
            acknowledge(entry, outcome, node, &observation)
            if settings.isDigestPoint(entry) {
                let digest = StateDigest(index: entry.index, value: nodes[node].machine.digest)
                step(node, .digested(digest), &observation)
            }
        }
        guard let last = entries.last else { return }
        answerReads(node, &observation)
        guard plan.has(.slowApply) else { return step(node, .applied(last.index), &observation) }
        let delayUS = UInt64.random(in: 0...400_000, using: &random)
        queue.add(
            .applied(node: node, life: nodes[node].life, last.index),
            at: nowUS + delayUS
        )
    }

    /// Tells the client whose write this entry is; a write that lost its place stays unanswered.
    private mutating func acknowledge(
        _ entry: LogEntry,
        _ outcome: RegisterMachine.Outcome,
        _ node: Int,
        _ observation: inout Observation
    ) {
        guard !nodes[node].writes.isEmpty else { return }
        let due = nodes[node].writes.filter { $0.position.index == entry.index }
        nodes[node].writes.removeAll { $0.position.index <= entry.index }
        for write in due where write.position == entry.position {
            guard let answer = outcome.answer(at: entry.index) else { continue }
            self.answer(write.operation, answer, &observation)
        }
    }

    mutating func answerReads(_ node: Int, _ observation: inout Observation) {
        guard !nodes[node].reads.isEmpty else { return }
        let applied = nodes[node].machine.applied
        let due = nodes[node].reads.filter { $0.index <= applied }
        nodes[node].reads.removeAll { $0.index <= applied }
        for read in due {
            let key = clients[read.operation].key
            let seen = Operation.Answer.read(
                value: nodes[node].machine.values[key],
                version: nodes[node].machine.versions[key],
                index: applied
            )
            answer(read.operation, seen, &observation)
        }
    }

    // MARK: - Snapshots

    /// Takes a snapshot some time after enough was applied since the last.
    mutating func wantSnapshot(_ node: Int) {
        let applied = nodes[node].raft.applied
        guard applied.rawValue >= nodes[node].snapshotIndex.rawValue + plan.snapshotEvery,
            nodes[node].machine.applied == applied, random.chance(percent: 20),
            let position = nodes[node].raft.position(at: applied)
        else { return }
        let state = nodes[node].machine.encode(paddingBytes: plan.statePaddingBytes)
        let metadata = SnapshotMetadata(
            position: position,
            voters: nodes[node].raft.voters(at: applied),
            byteCount: UInt64(state.count),
            checksum: CRC32C.checksum(state)
        )
        nodes[node].snapshotIndex = applied
        nodes[node].disk.ask(.snapshot(metadata, state))
        tally.snapshotsTaken += 1
    }

    /// Reads from the latest snapshot; from its start, if another was asked for.
    mutating func readSnapshot(
        _ node: Int,
        _ metadata: SnapshotMetadata,
        to peer: NodeID,
        _ range: Range<Int>,
        _ observation: inout Observation
    ) {
        guard let newest = nodes[node].disk.newestSnapshot else { return }
        var range = range
        if newest != metadata { range = 0..<min(range.count, Int(newest.byteCount)) }
        do throws(LogStorageError) {
            let bytes = try nodes[node].disk.readSnapshot(newest, range)
            let offset = UInt64(range.lowerBound)
            step(node, .snapshotChunk(to: peer, newest, offset: offset, bytes: bytes), &observation)
        } catch  where error.isFault && nodes[node].disk.isFaulty {
            return  // The follower asks again.
        } catch {
            tally.complaint = "\(nodes[node].voter.node) cannot read its snapshot: \(error)"
        }
    }

    /// Puts an installed snapshot in place of the state machine.
    mutating func load(
        _ metadata: SnapshotMetadata,
        _ state: [UInt8],
        _ node: Int,
        _ observation: inout Observation
    ) {
        do {
            nodes[node].machine = try RegisterMachine(decoding: state)
            forgetChanges(node)
            nodes[node].snapshotIndex = metadata.position.index
            nodes[node].writes.removeAll { $0.position.index <= metadata.position.index }
            tally.snapshotsInstalled += 1
            step(node, .snapshotInstalled(metadata), &observation)
            answerReads(node, &observation)
        } catch {
            tally.complaint = "snapshot \(metadata.position) cannot be read: \(error)"
        }
    }
}

extension RegisterMachine.Outcome {
    /// What the client is told; `nil` if nobody waits for it any more.
    fileprivate func answer(at index: LogIndex) -> Operation.Answer? {
        switch self {
        case .nothing, .late: nil
        case .written: .written(index)
        case .mismatch(let version): .mismatch(version: version)
        case .repeated(let session):
            session.mismatch.map { .mismatch(version: $0) } ?? .written(session.index)
        }
    }
}
