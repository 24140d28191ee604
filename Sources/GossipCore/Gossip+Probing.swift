// SPDX-License-Identifier: Apache-2.0
import Primitives

// Asking one member after the other whether it is there: SWIM §3.1, §4.3; Lifeguard §IV (LHA-Probe).
extension Gossip {
    /// Ends the running probe, and asks the next member.
    mutating func probeNext() {
        if let failed = probe { fail(failed) }
        probe = nil
        let slowness = awareness + 1
        nextProbeMS = now + settings.probeIntervalMS * slowness
        recheckSomeoneDead()
        guard !isLeaving, let slot = nextInOrder() else { return }
        let node = table.nodes[slot]
        let probe = Probe(
            node: node,
            sequence: nextSequence(),
            sentMS: now,
            helpDueMS: now + settings.probeTimeoutMS * slowness
        )
        self.probe = probe
        send(.ping, probe.sequence, about: node, to: node)
    }

    /// The next one that is thought to be there; each once in a round, in an order drawn anew.
    private mutating func nextInOrder() -> Int? {
        for _ in 0..<order.count {
            if orderCursor >= order.count { shuffleOrder() }
            let slot = order[orderCursor]
            orderCursor += 1
            if table.state(of: slot) < .dead { return slot }
        }
        return nil
    }

    mutating func shuffleOrder() {
        orderCursor = 0
        guard order.count > 1 else { return }
        for place in stride(from: order.count - 1, to: 0, by: -1) {
            order.swapAt(place, random.below(place + 1))
        }
    }

    /// Without an answer in time: others look, and so do we over a connection.
    mutating func askForHelp() {
        guard let probe, let due = probe.helpDueMS, due <= now else { return }
        self.probe?.helpDueMS = nil
        let asked = pick(settings.helperCount, but: probe.node)
        for helper in asked {
            send(.pingForMe, probe.sequence, about: probe.node, to: table.nodes[helper])
        }
        self.probe?.helpers = asked.count
        self.probe?.silentHelpers = asked.count
        let packet = makePacket(.ping, probe.sequence, about: probe.node, for: probe.node)
        effects.append(.exchange(packet, with: probe.node))
    }

    /// Nobody told of an answer: suspicion, and doubt about ourselves if the helpers were silent too.
    private mutating func fail(_ probe: Probe) {
        counters.failedProbes += 1
        worsenAwareness(by: probe.helpers > 0 ? UInt64(probe.silentHelpers) : 1)
        accuse(probe.node)
    }

    /// An answer of `target` to something we sent.
    mutating func answered(_ packet: GossipPacket) {
        if let probe, probe.sequence == packet.sequence, probe.node == packet.target {
            self.probe = nil
            awareness -= min(awareness, 1)
            heardOfRegions(packet, askedMS: probe.sentMS)
        }
        checks.removeAll { $0.sequence == packet.sequence && $0.node == packet.target }
        answeredAcross(packet)
        guard
            let place = relays.firstIndex(where: {
                $0.sequence == packet.sequence && $0.target == packet.target
            })
        else { return }
        let relay = relays.remove(at: place)
        send(.answer, relay.originSequence, about: relay.target, to: relay.origin)
    }

    mutating func noAnswer(_ packet: GossipPacket) {
        guard let probe, probe.sequence == packet.sequence, probe.node == packet.target,
            probe.silentHelpers > 0
        else { return }
        self.probe?.silentHelpers -= 1
    }

    /// Now and then someone who is dead, so that it hears of it and objects if it is not.
    ///
    /// All of us together as often as each of the living is probed: none is forgotten, and where two
    /// halves hold each other dead they find together again.
    private mutating func recheckSomeoneDead() {
        guard deadCount > 0, !pool.isEmpty, random.below(max(1, liveCount)) < deadCount else {
            return
        }
        let start = random.below(pool.count)
        for offset in pool.indices {
            let slot = pool[(start + offset) % pool.count]
            guard table.state(of: slot) == .dead else { continue }
            send(.ping, nextSequence(), about: table.nodes[slot], to: table.nodes[slot])
            return
        }
    }

    // MARK: - For others

    mutating func pingForOther(_ packet: GossipPacket) {
        guard relays.count < Relay.limit, packet.target != me,
            table.slot(of: packet.target) != nil, table.slot(of: packet.sender) != nil
        else { return }
        let relay = Relay(
            origin: packet.sender,
            originSequence: packet.sequence,
            target: packet.target,
            sequence: nextSequence(),
            noAnswerDueMS: now + settings.probeTimeoutMS * 4 / 5,
            endMS: now + settings.probeIntervalMS * (settings.worstAwareness + 1)
        )
        relays.append(relay)
        send(.ping, relay.sequence, about: relay.target, to: relay.target)
    }

    mutating func expireRelays() {
        guard !relays.isEmpty else { return }
        for place in relays.indices {
            guard let due = relays[place].noAnswerDueMS, due <= now else { continue }
            relays[place].noAnswerDueMS = nil
            let relay = relays[place]
            send(.noAnswer, relay.originSequence, about: relay.target, to: relay.origin)
        }
        let now = now
        relays.removeAll { $0.endMS <= now }
    }
}
