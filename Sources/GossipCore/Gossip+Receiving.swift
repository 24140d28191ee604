// SPDX-License-Identifier: Apache-2.0
import Primitives

// What comes in.
extension Gossip {
    mutating func receive(_ packet: GossipPacket) {
        guard packet.sender != me else {
            counters.misdirected += 1
            return
        }
        guard mySlot != nil else {
            // Nobody yet, by our catalog: the question whether we run has an answer all the same.
            if packet.kind == .ping { answerPing(packet) }
            return
        }
        if let slot = table.slot(of: packet.sender) {
            hearSender(packet, at: slot)
            for rumour in packet.rumours { hear(rumour) }
        } else {
            counters.strangers += 1
        }
        switch packet.kind {
        case .ping: answerPing(packet)
        case .answer: answered(packet)
        case .noAnswer: noAnswer(packet)
        case .pingForMe: pingForOther(packet)
        case .rumours: break
        case .compared: answeredAcross(packet)
        case .compare:
            guard table.slot(of: packet.sender) != nil else { return }
            effects.append(.answer(makeTable(.compared, packet.sequence, for: packet.sender)))
        }
    }

    /// Anybody who knows the secret is answered: whether he exists is not for gossip to say, and one
    /// whose catalog is ahead of ours must not take us for dead.
    private mutating func answerPing(_ packet: GossipPacket) {
        guard packet.target == me else {
            counters.misdirected += 1
            return
        }
        let answer = makePacket(.answer, packet.sequence, about: me, for: packet.sender)
        effects.append(.answer(answer))
    }

    /// What the sender says of itself.
    private mutating func hearSender(_ packet: GossipPacket, at slot: Int) {
        let claim = GossipClaim(packet.isLeaving ? .left : .alive, in: packet.incarnation)
        if table.claim(of: slot) < claim, claim.incarnation >= table.floors[slot] {
            believe(GossipRumour(packet.sender, claim, by: packet.sender), at: slot)
        }
        let isOld = packet.incarnation < table.claim(of: slot).incarnation
        guard !isOld, packet.facts.version > table.opinions[slot].version else { return }
        table.opinions[slot] = MemberTable.Opinion(
            load: packet.facts.load,
            fill: packet.facts.fill,
            version: packet.facts.version
        )
        let epoch = isInPool(slot) ? packet.facts.ringEpoch : .zero
        guard packet.facts.revision > facts.revision || epoch > facts.ringEpoch else { return }
        effects.append(
            .behind(packet.sender, ringEpoch: epoch, revision: packet.facts.revision)
        )
    }
}
