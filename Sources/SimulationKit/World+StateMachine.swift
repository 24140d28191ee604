// SPDX-License-Identifier: Apache-2.0

import CatalogCore
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
        observeCommits(node)
        let stateCount = nodes[node].stateCount
        for entry in entries {
            if entry.index != nodes[node].machine.applied.next {
                tally.complaint = "\(entry.position) applied behind \(nodes[node].machine.applied)"
            }
            let outcome = apply(entry, node, &observation)
            acknowledge(entry, outcome, node, &observation)
            if settings.isDigestPoint(entry) { compareStates(node, &observation) }
            // What was applied to a state that is thrown away is not reported.
            if nodes[node].stateCount != stateCount { return }
        }
        guard let last = entries.last else { return }
        answerReads(node, &observation)
        guard plan.has(.slowApply) else { return step(node, .applied(last.index), &observation) }
        let delayUS = UInt64.random(in: 0...400_000, using: &random)
        queue.add(
            .applied(node: node, life: nodes[node].life, stateCount: stateCount, last.index),
            at: nowUS + delayUS
        )
    }

    private mutating func compareStates(_ node: Int, _ observation: inout Observation) {
        let machine = nodes[node].machine
        let digest = StateDigest(index: machine.applied, value: machine.digest)
        noteDifference(node, digest)
        step(node, .digested(digest), &observation)
    }

    /// Applies one entry: takes over what it led to from who has come the same way, or does it itself.
    private mutating func apply(
        _ entry: LogEntry,
        _ node: Int,
        _ observation: inout Observation
    ) -> CatalogOutcome? {
        let known = nodes[node].machine.isShared ? chronicle.step(of: entry) : nil
        if let known, !isSample(entry, node) {
            nodes[node].machine = known.state
            return known.outcome
        }
        do throws(ByteDecodingError) {
            let command = try ReplicatedCatalog.command(in: entry)
            let outcome = nodes[node].machine.apply(command, at: entry.index)?.outcome
            if let outcome, let command, command.idempotency != nil, let client = command.client {
                observation.outcomes.append((client, outcome))
            }
            if let known, known.outcome == outcome,
                known.state.digest == nodes[node].machine.digest
            {
                nodes[node].machine = known.state
            }
            return outcome
        } catch {
            tally.complaint = "\(entry.position) was committed and cannot be read: \(error)"
            return nil
        }
    }

    /// Whether a node applies for itself what it could take over: one node in turn at each comparison.
    private func isSample(_ entry: LogEntry, _ node: Int) -> Bool {
        settings.isDigestPoint(entry)
            && (entry.index.rawValue / settings.digestEntryCount + UInt64(node))
                .isMultiple(of: UInt64(nodes.count))
    }

    /// Tells the client whose write this entry is; a write that lost its place stays unanswered.
    private mutating func acknowledge(
        _ entry: LogEntry,
        _ outcome: CatalogOutcome?,
        _ node: Int,
        _ observation: inout Observation
    ) {
        guard !nodes[node].writes.isEmpty else { return }
        let due = nodes[node].writes.filter { $0.position.index == entry.index }
        nodes[node].writes.removeAll { $0.position.index <= entry.index }
        for write in due where write.position == entry.position {
            guard let outcome else { continue }
            answer(write.operation, Operation.answer(outcome), &observation)
        }
    }

    mutating func answerReads(_ node: Int, _ observation: inout Observation) {
        guard !nodes[node].reads.isEmpty else { return }
        let applied = nodes[node].machine.applied
        let due = nodes[node].reads.filter { $0.index <= applied }
        nodes[node].reads.removeAll { $0.index <= applied }
        for read in due {
            let entry = nodes[node].machine.mount(at: clients[read.operation].path)
            let seen = Operation.Answer.read(
                value: entry?.mount.writer ?? 0,
                version: entry?.modRevision.rawValue ?? 0,
                index: applied,
                revision: nodes[node].machine.revision
            )
            answer(read.operation, seen, &observation)
        }
    }

    // MARK: - Snapshots

    /// Captures the state some time after enough was applied since the last snapshot, and saves it once
    /// it is known to be the majority's.
    mutating func keepSnapshots(_ node: Int) {
        if nodes[node].captured == nil { captureIfGrown(node) }
        guard let captured = nodes[node].captured,
            captured.applied <= nodes[node].raft.provenIndex
        else { return }
        nodes[node].captured = nil
        guard let position = nodes[node].raft.position(at: captured.applied),
            let state = captured.encoded()
        else { return }
        let metadata = SnapshotMetadata(
            position: position,
            voters: nodes[node].raft.voters(at: position.index),
            byteCount: UInt64(state.count),
            checksum: CRC32C.checksum(state)
        )
        nodes[node].disk.ask(.snapshot(metadata, state))
        startFlush(node)
        tally.snapshotsTaken += 1
    }

    private mutating func captureIfGrown(_ node: Int) {
        let applied = nodes[node].raft.applied
        guard applied.rawValue >= nodes[node].snapshotIndex.rawValue + plan.snapshotEvery,
            nodes[node].machine.applied == applied, !nodes[node].raft.isQuarantined,
            random.chance(percent: 20), nodes[node].raft.position(at: applied) != nil
        else { return }
        nodes[node].captured = nodes[node].machine
        nodes[node].snapshotIndex = applied
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
            let index = metadata.position.index
            let machine = try ReplicatedCatalog(decoding: state, at: index)
            noteEndOfFlip(node)
            nodes[node].install(machine)
            nodes[node].latestSnapshot = (metadata, state)
            tally.snapshotsInstalled += 1
            step(node, .snapshotInstalled(metadata), &observation)
            answerReads(node, &observation)
        } catch {
            tally.complaint = "snapshot \(metadata.position) cannot be read: \(error)"
        }
    }
}
