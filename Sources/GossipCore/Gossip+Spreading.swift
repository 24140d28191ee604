// SPDX-License-Identifier: Apache-2.0
import Primitives

// Telling others: rumours in every packet, in rounds of their own while there are any, and now and
// then everything.
extension Gossip {
    var rumourLimit: Int { settings.rumourLimit(memberCount: liveCount) }

    var hasRumours: Bool { !rumours.isEmpty || !greetings.isEmpty }

    mutating func tell(_ rumour: GossipRumour, told: Int = 0, isGreeting: Bool = false) {
        let capacity = settings.rumourCount
        let isFull: Bool
        if isGreeting {
            rumours.remove { $0.node == rumour.node }
            isFull = greetings.add(rumour, told: told, capacity: capacity)
        } else {
            greetings.remove { $0.node == rumour.node }
            isFull = rumours.add(rumour, told: told, capacity: capacity)
        }
        if isFull { counters.droppedRumours += 1 }
    }

    /// A round of rumours, where one is due.
    mutating func spread() {
        guard now >= nextGossipMS, hasRumours else { return }
        nextGossipMS = now + settings.gossipIntervalMS
        for slot in pick(settings.fanOut, but: me) + bridgesAcross() where hasRumours {
            let node = table.nodes[slot]
            send(.rumours, 0, about: node, to: node)
        }
    }

    /// Compares everything with one other.
    mutating func compareWithSomeone() {
        nextExchangeMS = now + settings.exchangeIntervalMS(memberCount: liveCount)
        guard !isLeaving, let slot = pick(1, but: me).first else { return }
        let packet = makeTable(.compare, nextSequence(), for: table.nodes[slot])
        effects.append(.exchange(packet, with: table.nodes[slot]))
    }

    /// Different members of our region that are thought to be there, drawn at random.
    mutating func pick(_ count: Int, but excluded: NodeID) -> [Int] {
        var picked: [Int] = []
        guard !pool.isEmpty else { return picked }
        func isFit(_ slot: Int) -> Bool {
            table.state(of: slot) < .dead && table.nodes[slot] != excluded
                && !picked.contains(slot)
        }
        // Mostly the first draws fit; where few are left, one after the other from anywhere.
        for _ in 0..<3 * count where picked.count < count {
            let slot = pool[random.below(pool.count)]
            if isFit(slot) { picked.append(slot) }
        }
        let start = random.below(pool.count)
        for offset in pool.indices where picked.count < count {
            let slot = pool[(start + offset) % pool.count]
            if isFit(slot) { picked.append(slot) }
        }
        return picked
    }

    // MARK: - Packets

    mutating func send(
        _ kind: GossipPacket.Kind,
        _ sequence: UInt32,
        about target: NodeID,
        to node: NodeID
    ) {
        effects.append(.send(makePacket(kind, sequence, about: target, for: node), to: node))
    }

    /// A packet for a datagram; whom we speak to hears first what is said of itself (Lifeguard's buddy
    /// system), because it alone can object.
    mutating func makePacket(
        _ kind: GossipPacket.Kind,
        _ sequence: UInt32,
        about target: NodeID,
        for node: NodeID
    ) -> GossipPacket {
        var packet = emptyPacket(kind, sequence, about: target)
        packet.regions = regionAges()
        if let slot = table.slot(of: node), slot != mySlot, table.state(of: slot) != .alive {
            packet.rumours = [GossipRumour(node, table.claim(of: slot), by: me)]
        }
        if !rumours.isEmpty {
            packet.rumours += rumours.take(room(in: packet), sentLimit: rumourLimit)
        }
        if !greetings.isEmpty {
            packet.rumours += greetings.take(room(in: packet), sentLimit: rumourLimit)
        }
        return packet
    }

    /// Rumours that still fit a datagram.
    private func room(in packet: GossipPacket) -> Int {
        let left = settings.datagramByteCount - packet.byteCount
        return max(0, left / GossipPacket.rumourByteCount)
    }

    /// Everything believed that the catalog does not say, as far as it fits.
    mutating func makeTable(
        _ kind: GossipPacket.Kind,
        _ sequence: UInt32,
        for node: NodeID
    ) -> GossipPacket {
        var packet = emptyPacket(kind, sequence, about: node)
        packet.regions = regionAges()
        let room = settings.exchangeByteCount - packet.byteCount
        let limit = min(Int(UInt16.max), room / GossipPacket.rumourByteCount)
        let start = table.count > limit ? random.below(table.count) : 0
        for offset in 0..<table.count where packet.rumours.count < limit {
            let slot = (start + offset) % table.count
            guard table.isNews(slot) else { continue }
            let node = table.nodes[slot]
            let claim = slot == mySlot ? ownClaim : table.claim(of: slot)
            packet.rumours.append(GossipRumour(node, claim, by: reporter(of: node)))
        }
        return packet
    }

    /// Who suspects a member first, as far as we know: a comparison must not confirm a suspicion.
    private func reporter(of node: NodeID) -> NodeID {
        suspicions.first { $0.node == node }?.reporters.first ?? me
    }

    private func emptyPacket(
        _ kind: GossipPacket.Kind,
        _ sequence: UInt32,
        about target: NodeID
    ) -> GossipPacket {
        GossipPacket(
            kind: kind,
            sequence: sequence,
            sender: me,
            incarnation: incarnation,
            isLeaving: isLeaving,
            target: target,
            facts: facts
        )
    }
}
