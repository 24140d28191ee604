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
            nodes[node].machine.apply(entry)
            acknowledge(entry, node, &observation)
        }
        guard let last = entries.last else { return }
        let delayUS = UInt64.random(in: 0...4_000, using: &random)
        queue.add(
            .applied(node: node, life: nodes[node].life, last.index),
            at: nowUS + delayUS
        )
        answerReads(node, &observation)
    }

    /// Tells the client whose write this entry is; a write that lost its place stays unanswered.
    private mutating func acknowledge(
        _ entry: LogEntry,
        _ node: Int,
        _ observation: inout Observation
    ) {
        let due = nodes[node].writes.filter { $0.position.index == entry.index }
        guard !due.isEmpty else { return }
        nodes[node].writes.removeAll { $0.position.index <= entry.index }
        for write in due where write.position == entry.position {
            let operation = operations[Int(write.operation) - 1]
            observation.acknowledgements.append(
                .init(operation: operation, position: entry.position)
            )
            tally.acknowledgedWrites += 1
            tally.lastAcknowledgedInvocationUS = max(
                tally.lastAcknowledgedInvocationUS,
                operation.invokedUS
            )
        }
    }

    mutating func answerReads(_ node: Int, _ observation: inout Observation) {
        guard !nodes[node].reads.isEmpty else { return }
        let applied = nodes[node].machine.applied
        for read in nodes[node].reads where read.index <= applied {
            let operation = operations[Int(read.operation) - 1]
            observation.reads.append(
                .init(
                    operation: operation,
                    index: read.index,
                    version: nodes[node].machine.versions[operation.key]
                )
            )
            tally.answeredReads += 1
        }
        nodes[node].reads.removeAll { $0.index <= applied }
    }

    // MARK: - Snapshots

    /// Takes a snapshot some time after enough was applied since the last.
    mutating func wantSnapshot(_ node: Int) {
        let raft = nodes[node].raft
        let applied = raft.applied
        guard applied.rawValue >= nodes[node].snapshotIndex.rawValue + plan.snapshotEvery,
            nodes[node].machine.applied == applied, random.chance(percent: 20),
            let position = raft.position(at: applied)
        else { return }
        let state = nodes[node].machine.encode(paddingBytes: plan.statePaddingBytes)
        let metadata = SnapshotMetadata(
            position: position,
            voters: raft.voters(at: applied),
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
