// SPDX-License-Identifier: Apache-2.0
import Primitives

// A closed port is no proof: a firewall closes it too. A closed port and no answer, found by two
// members, is.
extension Gossip {
    /// A connection was reset or refused: asks once more, briefly.
    mutating func refused(_ node: NodeID) {
        guard mySlot != nil, let slot = table.slot(of: node), isInPool(slot),
            table.state(of: slot) < .dead, !hasRefused(node),
            checks.count < RefusalCheck.limit, !checks.contains(where: { $0.node == node })
        else { return }
        let check = RefusalCheck(
            node: node,
            sequence: nextSequence(),
            deadlineMS: now + settings.probeTimeoutMS * (awareness + 1)
        )
        checks.append(check)
        send(.ping, check.sequence, about: node, to: node)
    }

    /// Whether we are counted among those who found it closed.
    private func hasRefused(_ node: NodeID) -> Bool {
        guard let suspicion = suspicions.first(where: { $0.node == node }) else { return false }
        return suspicion.isProven || suspicion.refusals.contains(me)
    }

    mutating func expireChecks() {
        let now = now
        guard checks.contains(where: { $0.deadlineMS <= now }) else { return }
        let late = checks.filter { $0.deadlineMS <= now }.map(\.node)
        checks.removeAll { $0.deadlineMS <= now }
        for node in late {
            accuse(node, isRefused: true)
            tellWitnesses(of: node)
        }
    }

    /// Those who look as well, at once: the next ones of its region behind it.
    private static var witnessCount: Int { 4 }

    private func witnesses(of node: NodeID) -> [NodeID] {
        guard let mySlot, let slot = table.slot(of: node) else { return [] }
        let circle = (pool + [mySlot]).sorted()
        let start = circle.firstIndex { $0 > slot } ?? 0
        var witnesses: [NodeID] = []
        for offset in circle.indices {
            let candidate = circle[(start + offset) % circle.count]
            guard candidate != slot else { continue }
            if candidate == mySlot || table.state(of: candidate) == .alive {
                witnesses.append(table.nodes[candidate])
            }
            if witnesses.count == Self.witnessCount { break }
        }
        return witnesses
    }

    private mutating func tellWitnesses(of node: NodeID) {
        for witness in witnesses(of: node) where witness != me {
            send(.rumours, 0, about: witness, to: witness)
        }
    }

    /// Somebody found a member's port closed: as a witness we knock there ourselves.
    mutating func witnessRefusal(of node: NodeID) {
        guard mySlot != nil, !hasRefused(node), !checks.contains(where: { $0.node == node }),
            witnesses(of: node).contains(me)
        else { return }
        let packet = makePacket(.ping, nextSequence(), about: node, for: node)
        effects.append(.exchange(packet, with: node))
    }
}
