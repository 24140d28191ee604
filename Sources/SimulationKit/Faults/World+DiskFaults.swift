// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Primitives
import RaftCore

/// Disks that lose or change what was durable; never so many that a quorum is gone.
extension World {
    /// Voters whose disk holds less than they promised, or may.
    private var damagedCount: Int { nodes.count { $0.isWiped || $0.disk.isDamaged } }

    /// Whether one more disk may be damaged: the others together still hold all that is committed.
    private func mayDamage(_ node: Int) -> Bool {
        !nodes[node].isWiped && !nodes[node].disk.isDamaged && damagedCount < plan.damageLimit
    }

    /// Changes what lies on a disk, while no process uses it.
    mutating func damage(_ node: Int, _ kind: FaultClass, _ random: inout SplitMix64) {
        guard mayDamage(node) else { return }
        crash(node, .power)
        let what = nodes[node].disk.damage(kind, using: &random)
        tally.damages += 1
        narrate("\(nodes[node].voter.node): \(what)")
    }

    /// Takes a disk away with everything on it.
    mutating func loseDisk(of node: Int) {
        guard mayDamage(node) else { return }
        crash(node, .power)
        replaceDisk(of: node)
    }

    /// Puts an empty disk in, under the same node's name and another store.
    ///
    /// What was promised under the old store is accounted to the disk that was taken out.
    mutating func replaceDisk(of node: Int) {
        let store = StoreID(UniqueID(using: &random))
        let empty = Voter(node: nodes[node].voter.node, store: store)
        do throws(LogStorageError) {
            let disk = try makeDisk(of: empty, first: nil)
            retired.append((nodes[node].voter, nodes[node].disk))
            nodes[node].replaceDisk(disk, store: store)
            tally.replacedDisks += 1
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
