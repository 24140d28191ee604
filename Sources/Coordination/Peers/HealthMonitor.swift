// SPDX-License-Identifier: Apache-2.0
import CatalogCore
package import FeedCore
package import PeerTransport
package import Primitives
import Synchronization

/// Asks every other worker how it is, again and again, and remembers the answers.
///
/// Until gossip takes over it answers: who is alive, where it listens now, how loaded it is, and who
/// of the voters answered within the last second. An answer counts only from the node it was asked of.
package final class HealthMonitor: Sendable {
    /// What was last heard from one node.
    package struct Report: Sendable {
        package let status: StatusReply
        /// When it was heard, by the monotonic clock.
        package let heardAtMS: UInt64
        /// When the connection broke since, by the same clock.
        var lostAtMS: UInt64?

        var isLost: Bool { lostAtMS != nil }
    }

    package static let intervalMS: UInt64 = 250
    private static let timeout = Duration.milliseconds(900)
    /// Nodes asked in one round at most; voters always, the others in turn.
    private static let nodesPerRound = 64
    /// The first ones, asked in each round.
    private static let alwaysAsked = 16

    /// What a source of the feed says about the voters, for a worker that does not ask them itself.
    private struct Hearsay {
        let words: [VoterWord]
        let term: Term
        let leader: NodeID?
        let toldAtMS: UInt64
    }

    /// What was told counts for so long: its teller is left at the latest after this much silence.
    private static let hearsayMS = FeedFollower.silenceMS + FeedBeacon.intervalMS

    private let reports = Mutex<[NodeID: Report]>([:])
    private let roundTrips = Mutex<[NodeID: ShortestTrip]>([:])
    private let hearsay = Mutex<Hearsay?>(nil)
    /// Nodes whose answer is outstanding: asked again when it came or was given up.
    private let asking = Mutex<Set<NodeID>>([])
    /// How long it takes until each node has been asked; 0 while all are asked in each round.
    private let cycleMS = Mutex<UInt64>(0)
    private let peers: any PeerCalling
    private let book: AddressBook
    private let now: @Sendable () -> UInt64
    private let clock = ContinuousClock()

    package init(
        peers: any PeerCalling,
        book: AddressBook,
        now: @escaping @Sendable () -> UInt64
    ) {
        self.peers = peers
        self.book = book
        self.now = now
    }

    package func report(of node: NodeID) -> Report? { reports.withLock { $0[node] } }

    /// Whether the node answered within the last second, or is told to.
    package func answersNow(_ node: NodeID) -> Bool {
        freshReport(of: node) != nil || word(of: node)?.answers == true
    }

    /// What the node itself said within the last second, and how long ago.
    package func statusNow(of node: NodeID) -> (status: StatusReply, silenceMS: UInt64)? {
        freshReport(of: node).map { ($0.status, silence(of: $0)) }
    }

    /// Whether consensus runs at a node that answers.
    package func votesNow(_ node: NodeID) -> Bool {
        if let report = freshReport(of: node) { return report.status.isVoter }
        return word(of: node).map { $0.answers && $0.votes } ?? false
    }

    /// Up to where its replica holds everything, by the newest word of or about it.
    package func index(of node: NodeID) -> LogIndex? {
        if let report = freshReport(of: node) { return report.status.index }
        return word(of: node)?.index ?? report(of: node)?.status.index
    }

    /// How long the quickest answer of some seconds took; `nil` while the node does not answer.
    package func roundTripMS(of node: NodeID) -> UInt64? {
        guard freshReport(of: node) != nil else { return nil }
        return roundTrips.withLock { $0[node]?.milliseconds }
    }

    /// The newest term that one of these spoke of, or that was told, and who leads in it.
    package func leadership(of voters: [NodeID]) -> (term: Term, leader: NodeID?)? {
        var found = heardNow.map { ($0.term, $0.leader) }
        for status in voters.compactMap({ freshReport(of: $0)?.status }) {
            let leader = status.isLeader ? status.node : status.leader
            let isNewer = found.map { known in
                status.term > known.0 || status.term == known.0 && known.1 == nil
            }
            if isNewer ?? true { found = (status.term, leader) }
        }
        return found
    }

    private func freshReport(of node: NodeID) -> Report? {
        guard let report = report(of: node), !report.isLost, silence(of: report) <= 1000 else {
            return nil
        }
        return report
    }

    // MARK: - What is told

    /// A source of the feed said this of the voters; `nil` beacon: nobody is listened to any more.
    package func told(_ beacon: FeedBeacon?) {
        let news = beacon.map {
            Hearsay(words: $0.voters, term: $0.term, leader: $0.leader, toldAtMS: now())
        }
        hearsay.withLock { $0 = news }
    }

    private var heardNow: Hearsay? {
        guard let told = hearsay.withLock({ $0 }) else { return nil }
        let now = now()
        return now - min(now, told.toldAtMS) <= Self.hearsayMS ? told : nil
    }

    private func word(of node: NodeID) -> VoterWord? {
        heardNow?.words.first { $0.node == node }
    }

    // MARK: - Who lives

    /// Whether the node answered when it was last its turn, as far as that is known.
    ///
    /// Of many workers not all are asked within a second; who was not is no worse for it.
    package func answeredLately(_ node: NodeID) -> Bool {
        guard let report = report(of: node), !report.isLost else { return false }
        return silence(of: report) <= 1000 + turnMS
    }

    private var turnMS: UInt64 { cycleMS.withLock { $0 } }

    /// `alive` within the last two seconds, `dead` after ten or if never heard of, else `suspect`; where
    /// there are so many that a turn takes longer, by so much later.
    package func liveness(of node: NodeID) -> WorkerHealth.Liveness {
        if word(of: node)?.answers == true { return .alive }
        guard let report = report(of: node) else { return .dead }
        let (silence, turn) = (silence(of: report), turnMS)
        if silence <= 2000 + turn, !report.isLost { return .alive }
        return silence <= 10_000 + turn ? .suspect : .dead
    }

    private func silence(of report: Report) -> UInt64 {
        let now = now()
        return now - min(now, report.heardAtMS)  // Heard between the two looks at the clock.
    }

    /// The connection to this node broke: do not wait for its silence to be noticed.
    package func lost(_ node: NodeID) {
        let now = now()
        reports.withLock { $0[node]?.lostAtMS = now }
    }

    /// Asks in rounds until cancelled; one that does not answer keeps no other waiting.
    ///
    /// - Parameters:
    ///   - nodes: Whom to ask in a round: those who must be asked first.
    ///   - request: What to say of ourselves.
    ///   - pauseMS: From one round to the next; 250 ms unless given.
    ///   - heard: Told each answer and when it was asked for.
    package func run(
        nodes: @escaping @Sendable () -> [NodeID],
        request: StatusRequest,
        pauseMS: @escaping @Sendable () -> UInt64 = { HealthMonitor.intervalMS },
        heard: @escaping @Sendable (StatusReply, UInt64) -> Void
    ) async {
        await withDiscardingTaskGroup { group in
            var round = 0
            while !Task.isCancelled {
                let (nodes, pause) = (nodes(), pauseMS())
                cycleMS.withLock { $0 = Self.cycleMS(of: nodes.count, pauseMS: pause) }
                for node in Self.selection(of: nodes, round: round)
                where asking.withLock({ $0.insert(node).inserted }) {
                    group.addTask {
                        _ = await self.ask(node, request, Self.timeout, heard)
                        _ = self.asking.withLock { $0.remove(node) }
                    }
                }
                round += 1
                try? await clock.sleep(for: .milliseconds(pause))
            }
        }
    }

    /// Asks one node now, out of turn; whether it answered itself.
    ///
    /// Before a worker is given up: that its turn is long past says nothing about it.
    package func hears(
        _ node: NodeID,
        asking request: StatusRequest,
        within limit: Duration
    ) async -> Bool {
        await ask(node, request, limit) { _, _ in }
    }

    private func ask(
        _ node: NodeID,
        _ request: StatusRequest,
        _ limit: Duration,
        _ heard: @Sendable (StatusReply, UInt64) -> Void
    ) async -> Bool {
        guard let address = book.address(of: node) else { return false }
        let askedAt = now()
        let body: [UInt8]
        do throws(PeerError) {
            body = try await peers.request(
                PeerMethod.status.rawValue,
                request.encode(),
                to: address,
                timeout: limit
            )
        } catch {
            // Calls of our own that fill the connection say nothing about the node.
            if error != .overloaded(address) { book.failed(node, at: address) }
            return false
        }
        guard let reply = try? StatusReply(decoding: body), reply.node == node else {
            book.failed(node, at: address)  // Somebody else lives there now.
            return false
        }
        let heardAt = now()
        let report = Report(status: reply, heardAtMS: heardAt)
        reports.withLock { $0[node] = report }
        roundTrips.withLock { trips in
            trips[node, default: ShortestTrip()].add(heardAt - min(heardAt, askedAt), atMS: heardAt)
        }
        heard(reply, askedAt)
        return true
    }

    private static func cycleMS(of count: Int, pauseMS: UInt64) -> UInt64 {
        guard count > nodesPerRound else { return pauseMS - min(pauseMS, intervalMS) }
        let share = nodesPerRound - alwaysAsked
        return UInt64((count - alwaysAsked + share - 1) / share) * pauseMS
    }

    /// The first ones always, the rest in turn.
    private static func selection(of nodes: [NodeID], round: Int) -> [NodeID] {
        guard nodes.count > nodesPerRound else { return nodes }
        let always = nodes.prefix(alwaysAsked)
        let others = Array(nodes.dropFirst(alwaysAsked))
        let share = nodesPerRound - always.count
        let start = round * share % others.count
        return always + (0..<share).map { others[(start + $0) % others.count] }
    }
}
