// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// Memory that changes by itself, and what a driver does once the core has found it out.
extension World {
    /// Turns a bit of a node's catalog, where the others can tell.
    mutating func flipMemory(of node: Int) {
        guard nodes[node].isUp, nodes[node].machine.isFormed, !nodes[node].isRebuilding,
            // Earlier wrong words about what is still to be applied here may be remembered.
            nodes[node].machine.applied >= flipsEnd, mayDamage(node)
        else { return }
        do {
            try nodes[node].flip(Self.idleWorker)
            tally.flips += 1
            narrate("\(nodes[node].voter.node): a bit of its catalog turns")
        } catch {
            tally.complaint = "\(nodes[node].voter.node): its own catalog cannot be read: \(error)"
        }
    }

    /// The node's state is another from now on: what memory did to the former one is over.
    mutating func noteEndOfFlip(_ node: Int) {
        guard nodes[node].flip != nil else { return }
        flipsEnd = max(flipsEnd, nodes[node].machine.applied)
        nodes[node].endFlip()
    }

    /// Notes since when a struck node says something else than the others.
    mutating func noteDifference(_ node: Int, _ digest: StateDigest) {
        guard let flip = nodes[node].flip, flip.differsSince == nil,
            chronicle.digest(at: digest.index) != digest.value
        else { return }
        nodes[node].differs(since: digest.index)
    }

    /// Does what a driver does with a state that is not the majority's: makes another from snapshot
    /// and log.
    mutating func rebuild(_ node: Int, from restart: SnapshotMetadata?) {
        if nodes[node].flip == nil {
            tally.complaint = "\(nodes[node].voter.node) was quarantined, and its memory is sound"
        }
        noteEndOfFlip(node)
        guard nodes[node].latestSnapshot?.metadata == restart else {
            tally.complaint = "\(nodes[node].voter.node) has lost its snapshot"
            return
        }
        do {
            var state = ReplicatedCatalog()
            if let (metadata, bytes) = nodes[node].latestSnapshot {
                state = try ReplicatedCatalog(decoding: bytes, at: metadata.position.index)
            }
            nodes[node].beginRebuild(from: state)
        } catch {
            tally.complaint = "\(nodes[node].voter.node) cannot read its snapshot: \(error)"
        }
    }

    /// Whether a node has differed for so long, in a healed world, that it must have been found out.
    func isOverdue(_ node: Int) -> Bool {
        guard let since = nodes[node].flip?.differsSince else { return false }
        let start = max(since, healedAt).rawValue
        let interval = settings.digestEntryCount
        return nodes[node].machine.applied.rawValue / interval >= start / interval + 2
    }
}
