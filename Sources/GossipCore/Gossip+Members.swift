// SPDX-License-Identifier: Apache-2.0
package import Primitives

// Who exists, and what is believed of them.
extension Gossip {
    /// Takes over the catalog's list: of who stays everything is kept, of who goes nothing.
    mutating func learn(_ members: [GossipMember]) {
        let table = MemberTable(members, keeping: table)
        self.table = table
        mySlot = table.slot(of: me)
        // Who fell back to a later first incarnation is nobody's suspect any more.
        suspicions.removeAll { suspicion in
            table.slot(of: suspicion.node).map { table.state(of: $0) != .suspect } ?? true
        }
        rumours.remove { table.slot(of: $0.node) == nil }
        greetings.remove { table.slot(of: $0.node) == nil }
        checks.removeAll { table.slot(of: $0.node) == nil }
        relays.removeAll { table.slot(of: $0.target) == nil }
        if let node = probe?.node, table.slot(of: node) == nil { probe = nil }
        arrangePool()
        arrangeContacts()
        if mySlot != nil { begin() }
    }

    private mutating func arrangePool() {
        guard let mySlot else {
            (pool, order, deadCount) = ([], [], 0)
            return
        }
        let region = table.regionOf[mySlot]
        pool = table.nodes.indices.filter { $0 != mySlot && table.regionOf[$0] == region }
        deadCount = pool.count { table.state(of: $0) >= .dead }
        order = pool
        shuffleOrder()
    }

    /// Says that we are there, and sets the clocks going, each at a moment of its own.
    private mutating func begin() {
        guard let mySlot else { return }
        if table.claim(of: mySlot) < ownClaim { announce(isGreeting: true) }
        if nextProbeMS == .max { nextProbeMS = now + UInt64(random.below(probeIntervalMS)) }
        if nextExchangeMS == .max { nextExchangeMS = now + UInt64(random.below(1000)) }
        if contacts.isEmpty {
            nextBridgeMS = .max
        } else if nextBridgeMS == .max {
            nextBridgeMS = now + UInt64(random.below(Int(settings.bridgeIntervalMS)))
        }
    }

    private var probeIntervalMS: Int { Int(settings.probeIntervalMS) }

    var ownClaim: GossipClaim { GossipClaim(isLeaving ? .left : .alive, in: incarnation) }

    // MARK: - What others ask

    /// What is thought of a node; `nil` of one that the catalog does not name.
    package func state(of node: NodeID) -> MemberState? {
        guard let slot = table.slot(of: node) else { return nil }
        guard slot != mySlot else { return ownClaim.state }
        let state = table.state(of: slot)
        return isUnheard(slot) ? max(state, .suspect) : state
    }

    /// The greatest claim heard of a node; `nil` of one that the catalog does not name.
    package func claim(of node: NodeID) -> GossipClaim? {
        guard let slot = table.slot(of: node) else { return nil }
        return slot == mySlot ? ownClaim : table.claim(of: slot)
    }

    /// What is thought of everybody, ourselves included, in the order of ids.
    package var views: [GossipView] {
        table.nodes.indices.map { slot in
            let isMe = slot == mySlot
            let opinion = table.opinions[slot]
            return GossipView(
                node: table.nodes[slot],
                state: state(of: table.nodes[slot]) ?? .alive,
                incarnation: isMe ? incarnation : table.claim(of: slot).incarnation,
                load: isMe ? facts.load : opinion.load,
                fill: isMe ? facts.fill : opinion.fill
            )
        }
    }
}
