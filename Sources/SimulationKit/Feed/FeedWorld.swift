// SPDX-License-Identifier: Apache-2.0
import Codecs
import FeedCore
import Primitives

/// Thousands of workers that follow the feed, in one process and from one seed.
///
/// ```
///   commits ──▶ voters ──▶ FeedAdmission, FeedShelf ──▶ network ──▶ FeedAssembly ──▶ AppliedLog
///                              ▲                                        │
///                              └──── open, ask ◀── FeedFollower ◀── beacons, the clock
/// ```
///
/// Tree, follower, admission, shelf, assembly and messages are those of production; simulated are the
/// network (delays, one gigabit a second out of each worker, 5 µs a frame), the clocks, which run up to
/// 0.2 ‰ fast or slow, and the voters' consensus: what the leader commits they hold after one way.
///
/// Checked all the time:
/// 1. every worker applies each command once, in order;
/// 2. no server feeds more than ``FeedTree/streamsPerServer``, no voter more than
///    ``FeedAdmission/observersOfVoter`` that it should not;
/// 3. an age that a worker states is never less than the true one;
/// 4. nobody follows itself for longer than two beacons.
package struct FeedWorld {
    enum Event: Sendable {
        case commit
        case voterHas(Int, LogIndex)
        case tick(Int)
        case openArrives(server: Int, follower: Int, stream: UInt64, after: LogIndex)
        case refusalArrives(follower: Int, stream: UInt64, others: [NodeID])
        case itemsArrive(follower: Int, stream: UInt64, items: [[UInt8]])
        case leaveArrives(server: Int, follower: Int, stream: UInt64)
        case questionArrives(server: Int, follower: Int, askedAtMS: UInt64)
        case answerArrives(follower: Int, server: Int, offer: FeedOffer?, askedAtMS: UInt64)
        case look(server: Int, stream: UInt64, follower: Int)
        case death(Int)
        case sample
    }

    static let tickUS: UInt64 = 100_000
    static let lookUS = FeedBeacon.intervalMS * 500

    let plan: FeedWorldPlan
    let tree: FeedTree
    let frameBytes: Int
    var random: SplitMix64
    var queue = EventQueue<Event>()
    var workers: [FeedWorldWorker] = []
    var nowUS: UInt64 = 0
    var lastStream: UInt64 = 0
    /// When each command was committed, in its order.
    var committedAtUS: [UInt64] = []
    var report = FeedWorldReport()
    /// Followers that have each command, until it is enough.
    var holders: [Int] = []
    private var looping: Set<Int> = []

    package init(_ plan: FeedWorldPlan) {
        self.plan = plan
        random = SplitMix64(seed: plan.seed)
        frameBytes = PeerFrame.item(id: 1, body: []).encoded().count
        let voterRegions = [0, 1, 2, 0, 1, 2, 0].map { $0 % plan.regionCount }
        for number in 0..<plan.voterCount + plan.followerCount {
            let isVoter = number < plan.voterCount
            let region = isVoter ? voterRegions[number % 7] : number % plan.regionCount
            let node = NodeID(UInt64(number + 1))
            workers.append(
                FeedWorldWorker(node: node, region: region, isVoter: isVoter, using: &random)
            )
        }
        tree = FeedTree(
            members: workers.map {
                FeedTree.Member(id: $0.node, region: Self.name($0.region), mayServe: true)
            },
            voters: workers.prefix(plan.voterCount).map(\.node)
        )
    }

    static func name(_ region: Int) -> String { "r\(region)" }

    static func place(_ node: NodeID) -> Int { Int(node.rawValue) - 1 }

    /// Lets the world run to its end.
    package mutating func run() -> FeedWorldReport {
        prepare()
        let endUS = plan.seconds * 1_000_000
        while let (timeUS, event) = queue.next(by: endUS), report.violation == nil {
            nowUS = timeUS
            report.eventCount += 1
            handle(event)
        }
        nowUS = endUS
        if report.violation == nil { judgeEnd() }
        report.complete(with: workers, tree: tree, plan: plan)
        return report
    }

    private mutating func prepare() {
        for worker in workers.indices where !workers[worker].isVoter {
            let region = Self.name(workers[worker].region)
            let sources = tree.sources(for: workers[worker].node, in: region)
            workers[worker].follower.setSources(sources)
            for node in sources.tiers.joined() { workers[Self.place(node)].mayServe = true }
            queue.add(.tick(worker), at: .random(in: 0..<Self.tickUS, using: &random))
        }
        queue.add(.commit, at: 1_000_000)
        queue.add(.sample, at: 1_000_000)
        for (number, death) in plan.deaths.enumerated() {
            queue.add(.death(number), at: death.atMS * 1_000)
        }
    }

    private mutating func handle(_ event: Event) {
        switch event {
        case .commit: commit()
        case .voterHas(let voter, let index): voterHas(voter, index)
        case .tick(let worker): tick(worker)
        case .openArrives(let server, let follower, let stream, let after):
            open(server, follower, stream, after)
        case .refusalArrives(let follower, let stream, let others):
            guard workers[follower].stream == stream else { return }
            step(follower) { $0.ended(.full(others: others), atMS: $1) }
        case .itemsArrive(let follower, let stream, let items): take(items, of: stream, follower)
        case .leaveArrives(let server, let follower, let stream): leave(server, follower, stream)
        case .questionArrives(let server, let follower, let askedAtMS):
            answer(server, follower, askedAtMS)
        case .answerArrives(let follower, let server, let offer, let askedAtMS):
            hearAnswer(follower, server, offer, askedAtMS)
        case .look(let server, let stream, let follower): look(server, stream, follower)
        case .death(let number): die(plan.deaths[number].victims)
        case .sample: sample()
        }
    }

    // MARK: - Commits

    private mutating func commit() {
        committedAtUS.append(nowUS)
        holders.append(0)
        let index = LogIndex(UInt64(committedAtUS.count))
        for voter in 0..<plan.voterCount {
            let way = voter == 0 ? 0 : way(from: 0, to: voter)
            queue.add(.voterHas(voter, index), at: nowUS + way)
        }
        // The last ones have time to arrive.
        guard nowUS + 4_000_000 < plan.seconds * 1_000_000 else { return }
        queue.add(.commit, at: nowUS + 1_000_000 / plan.commandsPerSecond)
    }

    private mutating func voterHas(_ voter: Int, _ index: LogIndex) {
        while workers[voter].applied < index {
            hold(workers[voter].applied.next, in: voter)
        }
        pump(voter)
    }

    /// A command is applied by a worker.
    mutating func hold(_ index: LogIndex, in worker: Int) {
        let command = AppliedCommand(
            index: index,
            payload: Array(
                repeating: UInt8(truncatingIfNeeded: index.rawValue),
                count: plan.commandBytes
            )
        )
        hold(command, in: worker)
    }

    mutating func hold(_ command: AppliedCommand, in worker: Int) {
        guard command.index == workers[worker].applied.next else {
            report.violation =
                "\(workers[worker].node) applies \(command.index) behind \(workers[worker].applied)"
            return
        }
        workers[worker].applied = command.index
        if workers[worker].mayServe {
            workers[worker].log.append(command)
        } else {
            workers[worker].log = AppliedLog(horizon: command.index)
        }
        guard !workers[worker].isVoter else { return }
        let number = Int(command.index.rawValue) - 1
        holders[number] += 1
        if holders[number] == (plan.followerCount * 99 + 99) / 100 {
            report.reached.append((committedAtUS[number], nowUS - committedAtUS[number]))
        }
    }

    // MARK: - Deaths

    private mutating func die(_ victims: FeedWorldPlan.Victims) {
        for worker in indices(of: victims) {
            workers[worker].isAlive = false
            for guest in workers[worker].guests where workers[guest.follower].isAlive {
                if workers[guest.follower].stream == guest.stream {
                    workers[guest.follower].orphanedAtUS = nowUS
                    report.orphans += 1
                }
            }
        }
    }

    private func indices(of victims: FeedWorldPlan.Victims) -> [Int] {
        func some(_ place: FeedTree.Place, of region: Int, _ count: Int) -> [Int] {
            let found = workers.indices.filter {
                workers[$0].region == region && tree.place(of: workers[$0].node) == place
            }
            // The busiest ones.
            return Array(
                found.sorted { workers[$0].guests.count > workers[$1].guests.count }.prefix(count)
            )
        }
        switch victims {
        case .relay(let region): return some(.relay, of: region, 1)
        case .relays(let region): return some(.relay, of: region, FeedTree.relaysPerRegion)
        case .branch(let region): return some(.branch, of: region, 1)
        case .voter: return [plan.voterCount - 1]
        }
    }

    // MARK: - Network

    /// One way between two workers, in microseconds.
    func wayUS(_ one: Int, _ other: Int) -> ClosedRange<UInt64> {
        workers[one].region == workers[other].region ? 200...600 : 30_000...40_000
    }

    mutating func way(from one: Int, to other: Int) -> UInt64 {
        .random(in: wayUS(one, other), using: &random)
    }

    // MARK: - Checks

    private mutating func sample() {
        for worker in workers.indices where !workers[worker].isVoter && workers[worker].isAlive {
            checkAge(worker)
        }
        checkLoops()
        queue.add(.sample, at: nowUS + 1_000_000)
    }

    /// Check 3.
    private mutating func checkAge(_ worker: Int) {
        let clock = workers[worker].clockMS(at: nowUS)
        let applied = workers[worker].applied
        guard let age = workers[worker].staleness.age(nowMS: clock, applied: applied) else {
            return
        }
        if nowUS > FeedWorldPlan.warmUpMS * 1_000, workers[worker].orphanedAtUS == nil {
            report.ages.append(age.milliseconds)
        }
        let next = Int(applied.rawValue)
        guard next < committedAtUS.count else { return }
        let trueMS = (nowUS - committedAtUS[next]) / 1_000
        // A millisecond for each clock that was read.
        if age.milliseconds + 5 < trueMS {
            report.violation =
                "\(workers[worker].node) states an age of \(age), it is \(trueMS) ms"
        }
    }

    /// Check 4.
    private mutating func checkLoops() {
        var now: Set<Int> = []
        for worker in workers.indices where workers[worker].isAlive && !workers[worker].isVoter {
            var at = worker
            for _ in 0..<FeedBeacon.longestPath {
                guard let source = workers[at].follower.feeding else { break }
                at = Self.place(source)
                if at == worker { now.insert(worker) }
            }
        }
        if let stuck = now.intersection(looping).min() {
            report.violation = "\(workers[stuck].node) follows itself"
        }
        looping = now
    }

    private mutating func judgeEnd() {
        for worker in workers where worker.isAlive && !worker.isVoter {
            guard Int(worker.applied.rawValue) == committedAtUS.count else {
                report.violation = "\(worker.node) ends at \(worker.applied)"
                return
            }
        }
    }
}
