// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// One member of the gossip as a plain value: SWIM with Lifeguard, without clock, I/O or logger.
///
/// ```
///             no answer, by nobody           in time no objection, or two refusals
///    alive ───────────────────────▶ suspect ──────────────────────────────────────▶ dead
///      ▲                               │                                              │
///      └──── objects: a higher incarnation, which only the member itself gives itself ┘
///
///    any ── says itself that it ends ──▶ left        any ── the catalog forgets it ──▶ (gone)
/// ```
///
/// The catalog decides who exists. Gossip spreads opinions on those: it never adds, removes or
/// revives anybody, and what it hears about others it ignores.
///
/// Invariants, checked by the simulator after every event:
/// 1. What is believed of a member is the greatest claim heard (``GossipClaim``), never a smaller one.
/// 2. Nobody but a member itself raises its incarnation.
/// 3. What is not in the catalog's list is neither believed, told, nor probed.
/// 4. A packet fits its budget.
/// 5. A rumour is told by one member at most ``GossipSettings/rumourLimit(memberCount:)`` times.
/// 6. That a packet came proves nothing about its sender's being there: only the answer to a question
///    of our own does. So old packets, sent again, change nothing.
///
/// - Source: Das, Gupta, Motivala, "SWIM", DSN 2002; Dadgar, Phillips, Currey, "Lifeguard: Local
///   Health Awareness for More Accurate Failure Detection", 2017.
package struct Gossip: Sendable {
    package let me: NodeID
    package let settings: GossipSettings

    /// Our own; see invariant 2.
    package internal(set) var incarnation: UInt64
    package internal(set) var isLeaving = false
    var facts = GossipFacts()
    var table = MemberTable()
    /// Our own place; `nil` while the catalog does not name us.
    var mySlot: Int?
    /// The others of our region, in the order of their ids.
    var pool: [Int] = []
    var deadCount = 0

    /// How slow we find ourselves: 0 = well (Lifeguard's local health multiplier).
    package internal(set) var awareness: UInt64 = 0
    var suspicions: [Suspicion] = []
    /// What somebody waits for: suspicions, deaths, objections.
    var rumours = RumourQueue()
    /// That members have begun: where a thousand start at once, nothing else waits for it.
    var greetings = RumourQueue()
    /// The pool in the order in which it is probed.
    var order: [Int] = []
    var orderCursor = 0
    var probe: Probe?
    var checks: [RefusalCheck] = []
    var relays: [Relay] = []
    /// The other regions.
    var contacts: [RegionContact] = []

    // On the member's own monotonic clock, in milliseconds.
    var now: UInt64 = 0
    var nextProbeMS: UInt64 = .max
    var nextGossipMS: UInt64 = 0
    var nextExchangeMS: UInt64 = .max
    var nextBridgeMS: UInt64 = .max

    /// When it wants its next ``GossipInput/tick``, on the clock given to ``step(_:nowMS:)``.
    package internal(set) var dueMS: UInt64 = .max
    package internal(set) var counters = GossipCounters()
    var sequence: UInt32
    var random: SplitMix64
    var effects: [GossipEffect] = []

    /// A member that knows nobody yet.
    ///
    /// - Parameters:
    ///   - me: Our own id.
    ///   - incarnation: Best higher than in any life before, which spares an objection.
    ///   - settings: Times and bounds, the same on every member.
    ///   - seed: Random for each start of the process.
    package init(me: NodeID, incarnation: UInt64, settings: GossipSettings, seed: UInt64) {
        self.me = me
        self.settings = settings
        self.incarnation = min(incarnation, GossipClaim.highestIncarnation - 1)
        random = SplitMix64(seed: seed)
        sequence = UInt32(truncatingIfNeeded: random.next())
    }

    /// Takes one input and says what is to be done.
    ///
    /// - Parameters:
    ///   - input: What happened.
    ///   - nowMS: The member's own clock; one that goes back is taken to stand still.
    /// - Returns: What is to be done, in this order.
    package mutating func step(_ input: GossipInput, nowMS: UInt64) -> [GossipEffect] {
        now = max(now, nowMS)
        noticeStall()
        switch input {
        case .tick: break
        case .members(let members): learn(members)
        case .received(let packet): receive(packet)
        case .refused(let node): refused(node)
        case .facts(let facts): say(facts)
        case .leave: leave()
        }
        if mySlot != nil { runTimers() }
        dueMS = earliestDue
        defer { effects.removeAll(keepingCapacity: false) }
        return effects
    }

    private mutating func runTimers() {
        expireRelays()
        expireChecks()
        askForHelp()
        if now >= nextProbeMS { probeNext() }
        expireSuspicions()
        if now >= nextBridgeMS { bridge() }
        if now >= nextExchangeMS { compareWithSomeone() }
        spread()
    }

    private var earliestDue: UInt64 {
        guard mySlot != nil else { return .max }
        var due = min(nextProbeMS, nextExchangeMS, nextBridgeMS)
        if let help = probe?.helpDueMS { due = min(due, help) }
        if hasRumours, !pool.isEmpty || !contacts.isEmpty { due = min(due, nextGossipMS) }
        for suspicion in suspicions { due = min(due, suspicion.deadlineMS) }
        for check in checks { due = min(due, check.deadlineMS) }
        for relay in relays { due = min(due, relay.noAnswerDueMS ?? relay.endMS) }
        return due
    }

    /// Does not hold against others what came late because we did.
    ///
    /// Answers to our questions may wait unread, and so may objections: every wait goes on from here.
    private mutating func noticeStall() {
        guard dueMS != .max, now > dueMS, now - dueMS >= settings.stallMS else { return }
        let lateMS = now - dueMS
        counters.stalls += 1
        worsenAwareness(by: 1)
        nextProbeMS = nextProbeMS == .max ? .max : nextProbeMS + lateMS
        if let due = probe?.helpDueMS { probe?.helpDueMS = due + lateMS }
        for place in suspicions.indices {
            suspicions[place].startedMS += lateMS
            suspicions[place].deadlineMS += lateMS
        }
        for place in checks.indices { checks[place].deadlineMS += lateMS }
        for place in contacts.indices { contacts[place].heardMS += lateMS }
    }

    mutating func worsenAwareness(by steps: UInt64) {
        awareness = min(settings.worstAwareness, awareness + steps)
    }

    /// Members believed alive or suspected, in our region, ourselves included.
    var liveCount: Int { pool.count + 1 - deadCount }

    mutating func nextSequence() -> UInt32 {
        sequence &+= 1
        return sequence
    }

    private mutating func say(_ facts: GossipFacts) {
        var facts = facts
        facts.version = self.facts.version
        guard facts != self.facts else { return }
        facts.version &+= 1
        self.facts = facts
    }
}
