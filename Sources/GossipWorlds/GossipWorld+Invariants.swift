// SPDX-License-Identifier: Apache-2.0
import GossipCore
import Primitives

// What must hold after every event.
extension GossipWorld {
    mutating func violate(_ words: String) {
        if violation == nil { violation = "at \(nowMS) ms: \(words)" }
    }

    /// Nobody but a member raises its incarnation, and in one life it never falls.
    mutating func noteIncarnation(of place: Int) {
        let incarnation = processes[place].gossip.incarnation
        processes[place].highestIncarnation = max(
            processes[place].highestIncarnation,
            incarnation
        )
    }

    func beliefs(about packet: GossipPacket, at place: Int) -> [GossipClaim?] {
        packet.rumours.map { processes[place].gossip.claim(of: $0.node) }
    }

    /// What is believed never shrinks, and takes in what was heard; nobody unknown is believed in.
    mutating func checkMerging(_ packet: GossipPacket, _ before: [GossipClaim?], at place: Int) {
        let gossip = processes[place].gossip
        for (rumour, before) in zip(packet.rumours, before) {
            guard let before else {
                if gossip.claim(of: rumour.node) != nil { violate("\(rumour.node) came by rumour") }
                continue
            }
            guard let after = gossip.claim(of: rumour.node) else {
                violate("\(rumour.node) went by rumour")
                continue
            }
            if after < before { violate("\(gossip.me) unlearned \(before) of \(rumour.node)") }
            if gossip.claim(of: packet.sender) != nil, after < rumour.claim {
                violate("\(gossip.me) did not take in \(rumour)")
            }
            let highest = processes[self.place(of: rumour.node)].highestIncarnation
            if rumour.node != gossip.me, after.incarnation > highest {
                violate("\(gossip.me) believes in an incarnation of \(rumour.node) that never was")
            }
        }
    }

    /// A packet fits, and speaks of members only.
    mutating func checkPacket(_ packet: GossipPacket, from place: Int) {
        let settings = plan.settings
        let isTable = packet.kind == .compare || packet.kind == .compared
        let budget = isTable ? settings.exchangeByteCount : settings.datagramByteCount
        if packet.byteCount > budget { violate("\(packet.byteCount) bytes of \(budget)") }
        let gossip = processes[place].gossip
        for rumour in packet.rumours where gossip.claim(of: rumour.node) == nil {
            violate("\(gossip.me) tells of \(rumour.node), whom the catalog does not name")
        }
    }

    // MARK: - Digest

    mutating func note(_ packet: GossipPacket) {
        mix(packet.sender.rawValue << 32 ^ UInt64(packet.sequence))
        mix(UInt64(packet.byteCount) << 8 ^ UInt64(packet.kind.rawValue))
    }

    mutating func mix(_ value: UInt64) {
        digest = (digest ^ value ^ nowMS << 40) &* 0x9E37_79B9_7F4A_7C15
        digest ^= digest >> 29
    }
}
