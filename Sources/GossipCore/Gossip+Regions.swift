// SPDX-License-Identifier: Apache-2.0
import Primitives

// Across regions: members are probed within their region only. The first few living members of each,
// in an order that hangs on the ids alone, are its bridges: they ping each other and pass rumours.
// How long ago a region was heard goes along with the answers to probes; ages add up hop by hop, so no
// two clocks are compared.
extension Gossip {
    mutating func arrangeContacts() {
        guard let mySlot else {
            contacts = []
            return
        }
        let own = table.regionOf[mySlot]
        let before = contacts
        contacts = table.regions.indices.filter { $0 != Int(own) }.map { index in
            let region = table.regions[index]
            var contact =
                before.first { $0.region == region } ?? RegionContact(region: region, heardMS: now)
            contact.ranked = ranked(UInt16(truncatingIfNeeded: index))
            return contact
        }
    }

    private func ranked(_ region: UInt16) -> [Int] {
        let slots = table.nodes.indices.filter { table.regionOf[$0] == region }
        return slots.map { (Self.rank(table.nodes[$0]), $0) }.sorted { $0 < $1 }.map(\.1)
    }

    /// Evenly strewn, and the same everywhere.
    private static func rank(_ node: NodeID) -> UInt64 {
        var generator = SplitMix64(seed: node.rawValue)
        return generator.next()
    }

    private func bridges(among ranked: [Int]) -> [Int] {
        var bridges: [Int] = []
        for slot in ranked where slot == mySlot || table.state(of: slot) < .dead {
            bridges.append(slot)
            if bridges.count == settings.bridgeCount { break }
        }
        // Where all are thought dead, one of them may be back.
        return bridges.isEmpty ? Array(ranked.prefix(settings.bridgeCount)) : bridges
    }

    private var isBridge: Bool {
        guard mySlot != nil, !contacts.isEmpty else { return false }
        let rank = Self.rank(me)
        let ahead = pool.count { slot in
            table.state(of: slot) < .dead && Self.rank(table.nodes[slot]) < rank
        }
        return ahead < settings.bridgeCount
    }

    /// One bridge of each other region, for rumours; none unless we are one.
    mutating func bridgesAcross() -> [Int] {
        guard isBridge else { return [] }
        return contacts.compactMap { contact in
            let bridges = bridges(among: contact.ranked)
            return bridges.isEmpty ? nil : bridges[random.below(bridges.count)]
        }
    }

    /// Asks a bridge of each other region whether it is there; over a connection where datagrams find
    /// no way, and now and then for everything.
    mutating func bridge() {
        nextBridgeMS = now + settings.bridgeIntervalMS
        guard isBridge, !isLeaving else { return }
        for place in contacts.indices {
            let bridges = bridges(among: contacts[place].ranked)
            guard !bridges.isEmpty else { continue }
            contacts[place].turn &+= 1
            let turn = contacts[place].turn
            let node = table.nodes[bridges[turn % bridges.count]]
            let sequence = nextSequence()
            let isQuiet = now - min(now, contacts[place].heardMS) > 3 * settings.bridgeIntervalMS
            contacts[place].sequence = sequence
            contacts[place].sentMS = now
            if turn % 32 == 1 {
                effects.append(.exchange(makeTable(.compare, sequence, for: node), with: node))
            } else if isQuiet, turn % 2 == 0 {
                let packet = makePacket(.ping, sequence, about: node, for: node)
                effects.append(.exchange(packet, with: node))
            } else {
                send(.ping, sequence, about: node, to: node)
            }
        }
    }

    /// An answer to our last question across proves that the region was there when we asked.
    mutating func answeredAcross(_ packet: GossipPacket) {
        guard !contacts.isEmpty, let slot = table.slot(of: packet.sender) else { return }
        let region = table.regions[Int(table.regionOf[slot])]
        for place in contacts.indices
        where contacts[place].region == region && contacts[place].sequence == packet.sequence {
            contacts[place].heardMS = max(contacts[place].heardMS, contacts[place].sentMS)
        }
    }

    /// Takes over when others of our region heard the other regions; only from answers to questions of
    /// our own, so that old packets make nobody young (invariant 6).
    mutating func heardOfRegions(_ packet: GossipPacket, askedMS: UInt64) {
        for age in packet.regions {
            guard let place = contacts.firstIndex(where: { $0.region == age.region }) else {
                continue
            }
            let heard = askedMS - min(askedMS, UInt64(age.ageMS))
            contacts[place].heardMS = max(contacts[place].heardMS, heard)
        }
    }

    mutating func regionAges() -> [GossipPacket.RegionAge] {
        guard !contacts.isEmpty else { return [] }
        let limit = min(contacts.count, GossipPacket.regionLimit)
        let start = contacts.count > limit ? random.below(contacts.count) : 0
        return (0..<limit).map { offset in
            let contact = contacts[(start + offset) % contacts.count]
            let age = now - min(now, contact.heardMS)
            return GossipPacket.RegionAge(
                region: contact.region,
                ageMS: UInt32(clamping: age)
            )
        }
    }

    /// Whether nothing was heard for long from the region of this member.
    func isUnheard(_ slot: Int) -> Bool {
        guard !contacts.isEmpty else { return false }
        let region = table.regions[Int(table.regionOf[slot])]
        guard let contact = contacts.first(where: { $0.region == region }) else { return false }
        return now - min(now, contact.heardMS) > settings.regionSilenceMS
    }
}
