// SPDX-License-Identifier: Apache-2.0
package import GossipCore
package import Primitives

// What is done to members.
extension GossipWorld {
    /// The machine of a member is gone: no answer, no refusal.
    package mutating func lose(_ node: NodeID) {
        processes[place(of: node)].condition = .gone
        expect(node, .dead)
    }

    /// The process ends at once: its ports are closed, its connections reset.
    package mutating func kill(_ node: NodeID) {
        let place = place(of: node)
        processes[place].condition = .ended
        expect(node, .dead)
        for link in 1...max(1, plan.linkCount) {
            let other = (place + link) % plan.memberCount
            guard other != place else { continue }
            wheel.add(.refused(node, at: other), at: nowMS + 1)
        }
    }

    /// The process says that it ends, and is gone half a second later.
    package mutating func leave(_ node: NodeID) {
        expect(node, .left)
        give(.leave, to: place(of: node))
    }

    /// A process on the same store begins anew, and knows nothing of the life before.
    package mutating func restart(_ node: NodeID) {
        let place = place(of: node)
        processes[place] = process(place)
        expect(node, .alive)
        give(.members(members), to: place)
        recount()
    }

    /// The process gets no processor for so long.
    package mutating func pause(_ node: NodeID, forMS duration: UInt64) {
        sleep(place(of: node), forMS: duration)
    }

    /// From now on the process gets a processor only now and then, at most so many milliseconds apart.
    package mutating func starve(_ node: NodeID, upToMS longest: UInt64) {
        processes[place(of: node)].starvedMS = longest
    }

    /// Cuts the first so many off from the others; 0 heals.
    package mutating func separate(first count: Int) {
        for place in processes.indices { processes[place].side = place < count ? 1 : 0 }
    }

    /// Cuts one region off from the others.
    package mutating func separate(region: Int) {
        for place in processes.indices {
            processes[place].side = (place + 1) % plan.regionCount == region ? 1 : 0
        }
    }

    /// The catalog forgets a member; each process hears of it.
    package mutating func remove(_ node: NodeID) {
        members.removeAll { $0.node == node }
        for place in processes.indices { give(.members(members), to: place) }
    }

    /// Somebody who knows the secret says so, once to each.
    package mutating func inject(_ packet: GossipPacket) {
        for place in processes.indices {
            wheel.add(.datagram(packet, from: place, to: place), at: nowMS + 1)
        }
    }

    // MARK: - Who knows

    private mutating func expect(_ node: NodeID, _ state: MemberState) {
        spread = GossipSpread(subject: node, state: state, sinceMS: nowMS)
    }

    /// Counts those who knew before it was true: who missed the end of a short absence.
    private mutating func recount() {
        guard var spread else { return }
        for place in processes.indices where isObserver(place, of: spread.subject) {
            if processes[place].gossip.state(of: spread.subject) == spread.state {
                spread.knowing += 1
            }
        }
        self.spread = spread
        settle()
    }

    func isObserver(_ place: Int, of subject: NodeID) -> Bool {
        processes[place].isRunning && node(at: place) != subject
            && processes[place].side == processes[self.place(of: subject)].side
    }

    mutating func noteChange(
        of node: NodeID,
        from before: MemberState,
        to after: MemberState,
        by observer: Int
    ) {
        mix(node.rawValue &* 8 &+ UInt64(after.rawValue))
        noteFalsehood(node, after, by: observer)
        guard var spread, spread.subject == node, isObserver(observer, of: node) else { return }
        let age = nowMS - spread.sinceMS
        if after == .suspect { spread.suspectedMS = spread.suspectedMS ?? age }
        if after == spread.state {
            spread.firstMS = spread.firstMS ?? age
            spread.knowing += 1
        } else if before == spread.state {
            spread.knowing -= 1
        }
        self.spread = spread
        settle()
    }

    private mutating func settle() {
        guard var spread, spread.lastMS == nil else { return }
        let observers = processes.indices.count { isObserver($0, of: spread.subject) }
        guard spread.knowing >= observers else { return }
        spread.lastMS = nowMS - spread.sinceMS
        self.spread = spread
    }

    private mutating func noteFalsehood(_ node: NodeID, _ state: MemberState, by observer: Int) {
        let subject = place(of: node)
        guard processes[subject].isRunning, processes[subject].side == processes[observer].side,
            processes[subject].asleepUntilMS <= nowMS, processes[subject].starvedMS == 0
        else { return }
        if state == .suspect { tally.falseSuspicions += 1 }
        if state == .dead { tally.falseDeaths += 1 }
    }
}
