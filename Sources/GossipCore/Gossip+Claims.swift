// SPDX-License-Identifier: Apache-2.0
import Primitives

// What is believed: the greatest claim heard, and how long a suspicion waits for an objection.
extension Gossip {
    /// Takes one rumour into account, and passes on what is new in it.
    mutating func hear(_ rumour: GossipRumour) {
        guard rumour.node != me else { return object(to: rumour.claim) }
        guard let slot = table.slot(of: rumour.node) else {
            counters.unknownSubjects += 1
            return
        }
        let known = table.claim(of: slot)
        if known < rumour.claim {
            believe(rumour, at: slot)
        } else if known == rumour.claim, known.state == .suspect {
            confirm(rumour)
        } else if known.state >= .dead, rumour.claim.state == .suspect, mySlot != nil,
            !rumours.contains(rumour.node)
        {
            // Whoever still only suspects it has missed the rest; a few packets are enough.
            tell(GossipRumour(rumour.node, known, by: me), told: max(0, rumourLimit - 3))
        }
    }

    /// Believes a greater claim (invariant 1).
    mutating func believe(_ rumour: GossipRumour, at slot: Int) {
        let before = table.state(of: slot)
        table.set(rumour.claim, of: slot)
        suspicions.removeAll { $0.node == rumour.node }
        checks.removeAll { $0.node == rumour.node && rumour.claim.state != .suspect }
        let after = rumour.claim.state
        if isInPool(slot), (before >= .dead) != (after >= .dead) {
            deadCount += after >= .dead ? 1 : -1
        }
        if before != after {
            effects.append(
                .changed(
                    rumour.node,
                    from: before,
                    to: after,
                    incarnation: rumour.claim.incarnation
                )
            )
        }
        tell(rumour, isGreeting: before == .alive && after == .alive)
        if after == .suspect { suspect(rumour, at: slot) }
    }

    func isInPool(_ slot: Int) -> Bool {
        guard let mySlot else { return false }
        return slot != mySlot && table.regionOf[slot] == table.regionOf[mySlot]
    }

    private mutating func suspect(_ rumour: GossipRumour, at slot: Int) {
        let possible = max(0, min(settings.confirmationCount, liveCount - 2))
        var suspicion = Suspicion(of: rumour.node, possible: possible, startedMS: now)
        _ = suspicion.add(rumour.reporter, isRefused: rumour.isRefused)
        suspicion.deadlineMS = now + durationMS(of: suspicion)
        suspicions.append(suspicion)
        if rumour.isRefused { witnessRefusal(of: rumour.node) }
    }

    private func durationMS(of suspicion: Suspicion) -> UInt64 {
        settings.suspicionMS(
            memberCount: liveCount,
            confirmations: suspicion.confirmations,
            possible: suspicion.possible
        )
    }

    /// Counts one more who suspects; passes it on while it shortens the wait.
    private mutating func confirm(_ rumour: GossipRumour) {
        guard let place = suspicions.firstIndex(where: { $0.node == rumour.node }),
            suspicions[place].add(rumour.reporter, isRefused: rumour.isRefused)
        else { return }
        let suspicion = suspicions[place]
        suspicions[place].deadlineMS = suspicion.startedMS + durationMS(of: suspicion)
        tell(rumour)
        if suspicion.isProven {
            declareDead(rumour.node)
        } else if rumour.isRefused {
            witnessRefusal(of: rumour.node)
        }
    }

    /// Says that a member does not answer us.
    mutating func accuse(_ node: NodeID, isRefused: Bool = false) {
        guard let slot = table.slot(of: node) else { return }
        let known = table.claim(of: slot)
        guard known.state < .dead else { return }
        let claim = GossipClaim(.suspect, in: known.incarnation)
        hear(GossipRumour(node, claim, by: me, isRefused: isRefused))
    }

    mutating func expireSuspicions() {
        let now = now
        guard suspicions.contains(where: { $0.deadlineMS <= now }) else { return }
        for node in suspicions.filter({ $0.deadlineMS <= now }).map(\.node) { declareDead(node) }
    }

    private mutating func declareDead(_ node: NodeID) {
        guard let slot = table.slot(of: node) else { return }
        let claim = GossipClaim(.dead, in: table.claim(of: slot).incarnation)
        believe(GossipRumour(node, claim, by: me), at: slot)
    }

    // MARK: - Ourselves

    /// Raises our incarnation above what is said of us (invariant 2).
    private mutating func object(to claim: GossipClaim) {
        guard ownClaim < claim else { return }
        incarnation = min(claim.incarnation + 1, GossipClaim.highestIncarnation)
        if claim.state != .alive {
            counters.objections += 1
            worsenAwareness(by: 1)
        }
        announce()
    }

    /// Tells our own claim; at once.
    mutating func announce(isGreeting: Bool = false) {
        guard let mySlot else { return }
        table.set(ownClaim, of: mySlot)
        tell(GossipRumour(me, ownClaim, by: me), isGreeting: isGreeting)
        nextGossipMS = min(nextGossipMS, now)
    }

    mutating func leave() {
        guard !isLeaving else { return }
        isLeaving = true
        announce()
    }
}
