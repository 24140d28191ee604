// SPDX-License-Identifier: Apache-2.0
package import GossipCore
package import Primitives

/// Members that gossip over a simulated network; everything follows from the plan's seed.
///
/// Holds the production core of each; the members' ids are 1 to n. After every event the invariants
/// are checked; the first that does not hold is kept in ``violation``, and the world stands still.
package struct GossipWorld: Sendable {
    enum Event: Sendable {
        case wake(Int)
        case datagram(GossipPacket, from: Int, to: Int)
        /// A question over a connection, or its answer.
        case exchange(GossipPacket, from: Int, to: Int)
        case answered(GossipPacket, to: Int)
        case refused(NodeID, at: Int)
        case replay
    }

    package let plan: GossipPlan
    var processes: [GossipProcess] = []
    /// Members of the catalog now.
    package internal(set) var members: [GossipMember] = []
    var wheel = TimeWheel<Event>()
    var random: SplitMix64
    package internal(set) var tally = GossipTally()
    package internal(set) var spread: GossipSpread?
    /// The invariant that did not hold, in words; `nil` while all do.
    package internal(set) var violation: String?
    /// Datagrams that may come once more, oldest overwritten first.
    var seen: [(packet: GossipPacket, from: Int, to: Int)] = []
    var oldest = 0
    /// A digest of everything that happened.
    package internal(set) var digest: UInt64 = 0

    package init(_ plan: GossipPlan) {
        self.plan = plan
        random = SplitMix64(seed: plan.seed)
        members = (1...plan.memberCount).map {
            GossipMember(
                node: NodeID(UInt64($0)),
                region: UInt64($0 % plan.regionCount)
            )
        }
        for place in 0..<plan.memberCount { processes.append(process(place)) }
        for place in processes.indices { give(.members(members), to: place) }
    }

    package var nowMS: UInt64 { wheel.nowMS }

    /// Lets so much time pass.
    package mutating func run(forMS duration: UInt64) { run(untilMS: nowMS + duration) }

    /// Lets time pass until then; at most until something is wrong.
    package mutating func run(untilMS deadline: UInt64) {
        while violation == nil, let event = wheel.next(by: deadline) { happen(event) }
    }

    /// Lets time pass until everybody knows what ``spread`` is about; whether they did in time.
    package mutating func runUntilKnown(withinMS limit: UInt64) -> Bool {
        let deadline = nowMS + limit
        while violation == nil, spread?.lastMS == nil {
            guard let event = wheel.next(by: deadline) else { return false }
            happen(event)
        }
        return spread?.lastMS != nil
    }

    package mutating func forgetTally() { tally = GossipTally() }

    /// What one member thinks of another.
    package func state(of subject: NodeID, by observer: NodeID) -> MemberState? {
        processes[place(of: observer)].gossip.state(of: subject)
    }

    package func gossip(of node: NodeID) -> Gossip { processes[place(of: node)].gossip }

    package func isRunning(_ node: NodeID) -> Bool { processes[place(of: node)].isRunning }

    func place(of node: NodeID) -> Int { Int(node.rawValue) - 1 }
    func node(at place: Int) -> NodeID { NodeID(UInt64(place) + 1) }

    /// A process as it starts.
    mutating func process(_ place: Int) -> GossipProcess {
        let old = place < processes.count ? processes[place] : nil
        let life = (old?.life ?? 0) + 1
        let gossip = Gossip(
            me: node(at: place),
            incarnation: plan.isForgetful ? 0 : life,
            settings: plan.settings,
            seed: random.next()
        )
        var process = GossipProcess(gossip: gossip, clockOffsetMS: random.next() >> 24)
        process.life = life
        process.highestIncarnation = max(old?.highestIncarnation ?? 0, gossip.incarnation)
        process.side = old?.side ?? 0
        return process
    }

    // MARK: - Events

    private mutating func happen(_ event: Event) {
        tally.events += 1
        switch event {
        case .wake(let place):
            guard processes[place].wakeMS == nowMS else { return }  // Another came before.
            processes[place].wakeMS = .max
            guard !isAsleep(place, event) else { return }
            give(.tick, to: place)
            fallAsleep(place)
        case .datagram(let packet, let from, let to):
            guard !isAsleep(to, event) else { return }
            receive(packet, from: from, to: to, over: .datagram)
        case .exchange(let packet, let from, let to):
            guard !isAsleep(to, event) else { return }
            receive(packet, from: from, to: to, over: .connection)
        case .answered(let packet, let to):
            guard !isAsleep(to, event) else { return }
            receive(packet, from: place(of: packet.sender), to: to, over: .connection)
        case .refused(let node, let place):
            guard !isAsleep(place, event) else { return }
            give(.refused(node), to: place)
        case .replay: break
        }
    }

    enum Way: Sendable { case datagram, connection }

    private mutating func receive(_ packet: GossipPacket, from: Int, to: Int, over way: Way) {
        guard processes[to].isRunning else { return }
        let before = beliefs(about: packet, at: to)
        give(.received(packet), to: to, answering: (from, way))
        checkMerging(packet, before, at: to)
    }

    /// Whether the process gets no processor now; what came for it then waits, bounded.
    private mutating func isAsleep(_ place: Int, _ event: Event) -> Bool {
        guard processes[place].isRunning else { return true }
        let until = processes[place].asleepUntilMS
        guard until > nowMS else { return false }
        if case .wake = event {
            processes[place].wakeMS = min(until, nowMS + TimeWheel<Event>.horizonMS - 1)
            wheel.add(event, at: until)
            return true
        }
        guard processes[place].waiting < GossipProcess.socketCapacity else { return true }
        processes[place].waiting += 1
        wheel.add(event, at: until)
        return true
    }

    private mutating func fallAsleep(_ place: Int) {
        let longest = processes[place].starvedMS
        guard longest > 0, random.chance(percent: 40) else { return }
        sleep(place, forMS: 200 + UInt64(random.below(Int(longest))))
    }

    mutating func sleep(_ place: Int, forMS duration: UInt64) {
        processes[place].asleepUntilMS = nowMS + duration
        processes[place].waiting = 0
    }

    /// Gives one input to a core, and does what it wants.
    mutating func give(
        _ input: GossipInput,
        to place: Int,
        answering: (from: Int, way: Way)? = nil
    ) {
        guard processes[place].isRunning else { return }
        let clock = nowMS + processes[place].clockOffsetMS
        let effects = processes[place].gossip.step(input, nowMS: clock)
        noteIncarnation(of: place)
        for effect in effects { perform(effect, by: place, answering: answering) }
        let due = processes[place].gossip.dueMS
        guard due != .max else { return }
        let wake = max(nowMS + 1, due - min(due, processes[place].clockOffsetMS))
        let reached = min(wake, nowMS + TimeWheel<Event>.horizonMS - 1)
        guard reached < processes[place].wakeMS else { return }
        processes[place].wakeMS = reached
        wheel.add(.wake(place), at: reached)
    }
}
