// SPDX-License-Identifier: Apache-2.0

import GossipCore
import Primitives

/// One core among members 1 to n of one region, with a clock turned by hand.
struct Member {
    var gossip: Gossip
    var nowMS: UInt64 = 1_000_000
    private(set) var effects: [GossipEffect] = []
    private var sequence: UInt32 = 0

    init(_ node: UInt64, of count: UInt64, settings: GossipSettings = GossipSettings()) {
        gossip = Gossip(me: NodeID(node), incarnation: 1, settings: settings, seed: node)
        give(.members(Self.members(count)))
    }

    static func members(_ count: UInt64) -> [GossipMember] {
        (1...count).map { GossipMember(node: NodeID($0), region: 0) }
    }

    mutating func give(_ input: GossipInput) {
        effects += gossip.step(input, nowMS: nowMS)
    }

    /// Takes what was wanted since the last time.
    mutating func take() -> [GossipEffect] {
        defer { effects = [] }
        return effects
    }

    /// Lets time pass in the steps that the core asks for.
    mutating func pass(_ duration: UInt64) {
        let end = nowMS + duration
        while gossip.dueMS <= end {
            nowMS = max(nowMS, gossip.dueMS)
            give(.tick)
        }
        nowMS = end
    }

    /// Hears rumours from the last member, one packet each.
    mutating func hear(_ rumours: [GossipRumour], from sender: UInt64 = 3) {
        for rumour in rumours { receive(.rumours, from: sender, rumours: [rumour]) }
    }

    mutating func receive(
        _ kind: GossipPacket.Kind,
        _ sequence: UInt32 = 0,
        from sender: UInt64,
        about target: UInt64? = nil,
        facts: GossipFacts = GossipFacts(),
        rumours: [GossipRumour] = []
    ) {
        let packet = GossipPacket(
            kind: kind,
            sequence: sequence,
            sender: NodeID(sender),
            incarnation: 0,
            target: NodeID(target ?? gossip.me.rawValue),
            facts: facts,
            rumours: rumours
        )
        give(.received(packet))
    }

    /// Hears the answer to a ping of its own.
    mutating func answer(_ ping: (packet: GossipPacket, to: NodeID)) {
        let node = ping.to.rawValue
        receive(.answer, ping.packet.sequence, from: node, about: node)
    }

    /// Milliseconds until it holds that member dead without hearing more.
    mutating func timeOfDeath(of node: UInt64) -> UInt64 {
        let start = nowMS
        while gossip.state(of: NodeID(node)) != .dead, nowMS < start + 60_000 { pass(10) }
        return nowMS - start
    }

    /// What it says of a member in the next second.
    mutating func told(about node: UInt64) -> [GossipClaim] {
        pass(1000)
        return take().packets.flatMap(\.rumours).filter { $0.node == NodeID(node) }.map(\.claim)
    }
}

extension [GossipEffect] {
    /// All packets, whichever way they go.
    var packets: [GossipPacket] {
        compactMap { effect in
            switch effect {
            case .send(let packet, _), .answer(let packet), .exchange(let packet, _): packet
            case .changed, .behind: nil
            }
        }
    }

    /// Datagrams of one kind, and to whom.
    func sent(_ kind: GossipPacket.Kind) -> [(packet: GossipPacket, to: NodeID)] {
        compactMap { effect in
            guard case .send(let packet, let node) = effect, packet.kind == kind else { return nil }
            return (packet, node)
        }
    }

    var exchanges: [NodeID] {
        compactMap { effect in
            guard case .exchange(let packet, let node) = effect, packet.kind == .ping else {
                return nil
            }
            return node
        }
    }
}
