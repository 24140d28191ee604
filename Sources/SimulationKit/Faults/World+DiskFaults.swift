// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Primitives
import RaftCore

/// Disks that lose or change what was durable; never so many that a quorum is gone.
extension World {
    /// Whether one more disk may be damaged: of all voters that are or may soon be in force, the
    /// others still hold all that is committed.
    func mayDamage(_ node: Int) -> Bool {
        guard !isDamaged(nodes[node].voter) else { return false }
        return votersThatMayDecide.allSatisfy { voters in
            let damagedCount = voters.count { $0 == nodes[node].voter || isDamaged($0) }
            return damagedCount <= (voters.count - 1) / 2 || !voters.contains(nodes[node].voter)
        }
    }

    /// Whether what a voter promised is lost, or may be, or its state is wrong.
    func isDamaged(_ voter: Voter) -> Bool {
        let node = position(of: voter.node)
        return nodes[node].voter != voter || nodes[node].disk.isDamaged || nodes[node].isGone
            || nodes[node].flip != nil
    }

    /// Every set of voters with a majority of its own, in force on any node or asked for lately.
    private var votersThatMayDecide: [[Voter]] {
        var sets = askedVoters.filter { $0.untilUS > nowUS }.map(\.voters)
        for node in nodes where !node.isGone {
            sets.append(node.raft.voters.incoming)
            if node.raft.voters.isJoint { sets.append(node.raft.voters.outgoing) }
        }
        return sets.filter { !$0.isEmpty }
    }

    /// Changes what lies on a disk, while no process uses it.
    mutating func damage(_ node: Int, _ kind: FaultClass, _ random: inout SplitMix64) {
        guard mayDamage(node), !nodes[node].isWiped else { return }
        crash(node, .power)
        let what = nodes[node].disk.damage(kind, using: &random)
        tally.damages += 1
        narrate("\(nodes[node].voter.node): \(what)")
    }

    /// Takes a disk away with everything on it.
    mutating func loseDisk(of node: Int) {
        guard mayDamage(node), !nodes[node].isWiped else { return }
        crash(node, .power)
        replaceDisk(of: node)
    }

    /// Puts an empty disk in: under another store, and as another node where nodes may be added.
    ///
    /// What was promised under the old store is accounted to the disk that was taken out.
    mutating func replaceDisk(of node: Int) {
        tally.replacedDisks += 1
        if plan.has(.memberChanges), nodes.count < plan.nodeLimit {
            nodes[node].leaveForGood()
            return addNode()
        }
        let store = StoreID(UniqueID(using: &random))
        let empty = Voter(node: nodes[node].voter.node, store: store)
        do throws(LogStorageError) {
            let disk = try makeDisk(of: empty, first: nil)
            retired.append((nodes[node].voter, nodes[node].disk))
            nodes[node].replaceDisk(disk, store: store)
        } catch {
            complain(node, error)
        }
    }

    /// A disk with an empty log, or with what a first voter's log begins with.
    func makeDisk(
        of voter: Voter,
        first: (state: HardState, entry: LogEntry)?
    ) throws(LogStorageError) -> SimulatedDisk {
        try SimulatedDisk(
            identity: LogIdentity(cluster: cluster, store: voter.store, node: voter.node),
            segmentByteCount: plan.segmentByteCount,
            first: first.map { first in
                LogWrite(
                    sequence: WriteSequence(1),
                    hardState: first.state,
                    truncateFrom: nil,
                    entries: [first.entry]
                )
            }
        )
    }
}
