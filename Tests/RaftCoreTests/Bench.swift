// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// A few cores driven by hand: nothing moves unless a test says so.
///
/// Nodes are numbered from 1. Messages wait in `mail` until delivered or dropped; writes are durable
/// at once unless the node is in `slowDisks`.
struct Bench {
    struct Letter {
        let from: Int
        let to: Int
        let message: RaftMessage
    }

    let settings: RaftSettings
    private(set) var voters: [Voter]
    private(set) var rafts: [Raft] = []
    var mail: [Letter] = []
    /// Everything each node asked for, oldest first.
    private(set) var log: [[RaftEffect]]
    var slowDisks: Set<Int> = []
    private var held: [[(after: WriteSequence, letter: Letter)]]
    private var issued: [WriteSequence?]
    private var clock: [UInt64]

    /// `voting` is how many of the nodes vote at first; the others start with empty logs.
    init(_ count: Int, voting: Int? = nil, settings: RaftSettings = .lan) {
        self.settings = settings
        voters = (1...count).map { Bench.voter($0) }
        log = Array(repeating: [], count: count)
        held = Array(repeating: [], count: count)
        issued = Array(repeating: nil, count: count)
        clock = Array(repeating: 1_000, count: count)
        let first = Raft.bootstrap(VoterSet(incoming: Array(voters.prefix(voting ?? count))))
        for number in 1...count {
            let isFirst = number <= voting ?? count
            rafts.append(
                Raft(
                    settings: settings,
                    me: voters[number - 1],
                    restored: isFirst ? first.state : .initial,
                    snapshot: nil,
                    entries: isFirst ? [first.entry] : [],
                    seed: UInt64(number)
                )
            )
            step(number, .tick(now: 1_000))
        }
    }

    static func voter(_ number: Int, store: UInt64 = 7) -> Voter {
        Voter(
            node: NodeID(UInt64(number)),
            store: StoreID(UniqueID(high: store, low: UInt64(number)))
        )
    }

    subscript(_ node: Int) -> Raft { rafts[node - 1] }

    func effects(_ node: Int) -> [RaftEffect] { log[node - 1] }

    mutating func replace(_ node: Int, with raft: Raft) { rafts[node - 1] = raft }

    // MARK: - Time and inputs

    mutating func step(_ node: Int, _ input: RaftInput) {
        let effects = rafts[node - 1].step(input)
        log[node - 1] += effects
        for effect in effects {
            switch effect {
            case .persist(let write): issued[node - 1] = write.sequence
            case .send(let message, let voter, let after):
                let letter = Letter(from: node, to: Int(voter.node.rawValue), message: message)
                if let after {
                    held[node - 1].append((after, letter))
                } else {
                    mail.append(letter)
                }
            default: break
            }
        }
        if !slowDisks.contains(node) { flush(node) }
        if let last = applied(effects) { step(node, .applied(last)) }
    }

    private func applied(_ effects: [RaftEffect]) -> LogIndex? {
        var last: LogIndex?
        for case .apply(let entries) in effects { last = entries.last?.index }
        return last
    }

    /// Makes everything asked for durable.
    mutating func flush(_ node: Int) {
        guard let sequence = issued[node - 1] else { return }
        issued[node - 1] = nil
        mail += held[node - 1].filter { $0.after <= sequence }.map(\.letter)
        held[node - 1].removeAll { $0.after <= sequence }
        step(node, .persisted(sequence))
    }

    mutating func advance(_ node: Int, by ms: UInt64) {
        clock[node - 1] += ms
        step(node, .tick(now: clock[node - 1]))
    }

    mutating func advanceAll(by ms: UInt64) {
        for node in 1...rafts.count { advance(node, by: ms) }
    }

    // MARK: - Mail

    /// Delivers what waits, and what that causes, between the given nodes; drops the rest.
    mutating func settle(_ nodes: Set<Int>? = nil) {
        var rounds = 0
        while !mail.isEmpty {
            rounds += 1
            precondition(rounds < 10_000, "the nodes never stop talking")
            let letter = mail.removeFirst()
            if let nodes, !nodes.contains(letter.from) || !nodes.contains(letter.to) { continue }
            deliver(letter)
        }
    }

    mutating func deliver(_ letter: Letter) {
        step(letter.to, .received(letter.message, from: voters[letter.from - 1]))
    }

    /// Takes out the letters of one kind.
    mutating func take(_ isWanted: (RaftMessage) -> Bool) -> [Letter] {
        let taken = mail.filter { isWanted($0.message) }
        mail.removeAll { isWanted($0.message) }
        return taken
    }

    // MARK: - Shortcuts

    /// Lets a node's election timeout pass and its votes arrive.
    mutating func elect(_ node: Int, among nodes: Set<Int>? = nil) {
        for other in 1...rafts.count where other != node { advance(other, by: settings.electionMS) }
        mail.removeAll()
        var attempts = 0
        while self[node].role != .leader, attempts < 20 {
            attempts += 1
            advance(node, by: settings.electionMS)
            settle(nodes)
        }
    }

    mutating func propose(_ node: Int, _ request: UInt64, byteCount: Int = 8) {
        let payload = [UInt8](repeating: UInt8(truncatingIfNeeded: request), count: byteCount)
        step(node, .propose(RaftRequestID(request), payload: payload))
    }

    /// Asks for other members than `node` sees now.
    mutating func change(
        _ node: Int,
        voters: [Int],
        learners: [Int] = [],
        priorities: [VoterSet.Priority] = [],
        request: UInt64 = 999
    ) {
        let change = MembershipChange(
            expected: self[node].voters,
            voters: voters.map { Bench.voter($0) },
            learners: learners.map { Bench.voter($0) },
            priorities: priorities
        )
        step(node, .changeMembers(RaftRequestID(request), change))
    }

    func changeRefusals(_ node: Int) -> [MembershipRefusal] {
        effects(node).compactMap { effect in
            if case .changeRefused(_, let refusal) = effect { refusal } else { nil }
        }
    }

    /// Lets a few heartbeats pass.
    mutating func beat(_ count: Int = 3, among nodes: Set<Int>? = nil) {
        for _ in 0..<count {
            advanceAll(by: settings.heartbeatMS)
            settle(nodes)
        }
    }

    /// Starts a node again from what it has made durable.
    mutating func restart(
        _ node: Int,
        arrived: (metadata: SnapshotMetadata, state: [UInt8])? = nil
    ) {
        let old = self[node]
        let first = old.log.firstIndex
        rafts[node - 1] = Raft(
            settings: settings,
            me: old.me,
            restored: old.hardState,
            snapshot: old.snapshot,
            entries: Array(old.log.entries(from: first, through: old.log.last.index)),
            arrived: arrived,
            seed: UInt64(node) + 100
        )
        step(node, .tick(now: clock[node - 1]))
    }

    func reads(_ node: Int) -> [RaftEffect] {
        effects(node).filter { effect in
            switch effect {
            case .readReady, .readFailed: true
            default: false
            }
        }
    }

    func drops(_ node: Int) -> [RaftRefusal] {
        effects(node).compactMap { effect in
            if case .dropped(_, let refusal) = effect { refusal } else { nil }
        }
    }
}
