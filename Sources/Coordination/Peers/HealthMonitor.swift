// SPDX-License-Identifier: Apache-2.0
import CatalogCore
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
        /// Whether the connection broke since.
        var isLost = false
    }

    private static let intervalMS: UInt64 = 250
    private static let timeout = Duration.milliseconds(900)
    /// Nodes asked in one round at most; voters always, the others in turn.
    private static let nodesPerRound = 64

    private let reports = Mutex<[NodeID: Report]>([:])
    /// Nodes whose answer is outstanding: asked again when it came or was given up.
    private let asking = Mutex<Set<NodeID>>([])
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

    /// Whether the node answered within the last second.
    package func answersNow(_ node: NodeID) -> Bool {
        guard let report = report(of: node), !report.isLost else { return false }
        return silence(of: report) <= 1000
    }

    /// `alive` within the last two seconds, `dead` after ten or if never heard of, else `suspect`.
    package func liveness(of node: NodeID) -> WorkerHealth.Liveness {
        guard let report = report(of: node) else { return .dead }
        let silence = silence(of: report)
        return silence <= 2000 && !report.isLost ? .alive : silence <= 10_000 ? .suspect : .dead
    }

    private func silence(of report: Report) -> UInt64 {
        let now = now()
        return now - min(now, report.heardAtMS)  // Heard between the two looks at the clock.
    }

    /// The connection to this node broke: do not wait for its silence to be noticed.
    package func lost(_ node: NodeID) { reports.withLock { $0[node]?.isLost = true } }

    /// Asks in rounds until cancelled; one that does not answer keeps no other waiting.
    ///
    /// - Parameters:
    ///   - nodes: Whom to ask in a round: those who must be asked first.
    ///   - request: What to say of ourselves.
    ///   - heard: Told each answer and when it was asked for.
    package func run(
        nodes: @escaping @Sendable () -> [NodeID],
        request: StatusRequest,
        heard: @escaping @Sendable (StatusReply, UInt64) -> Void
    ) async {
        await withDiscardingTaskGroup { group in
            var round = 0
            while !Task.isCancelled {
                for node in Self.selection(of: nodes(), round: round)
                where asking.withLock({ $0.insert(node).inserted }) {
                    group.addTask {
                        await self.ask(node, request, heard)
                        _ = self.asking.withLock { $0.remove(node) }
                    }
                }
                round += 1
                try? await clock.sleep(for: .milliseconds(Self.intervalMS))
            }
        }
    }

    private func ask(
        _ node: NodeID,
        _ request: StatusRequest,
        _ heard: @Sendable (StatusReply, UInt64) -> Void
    ) async {
        guard let address = book.address(of: node) else { return }
        let askedAt = now()
        let body: [UInt8]
        do throws(PeerError) {
            body = try await peers.request(
                PeerMethod.status.rawValue,
                request.encode(),
                to: address,
                timeout: Self.timeout
            )
        } catch {
            // Calls of our own that fill the connection say nothing about the node.
            if error != .overloaded(address) { book.failed(node, at: address) }
            return
        }
        guard let reply = try? StatusReply(decoding: body), reply.node == node else {
            book.failed(node, at: address)  // Somebody else lives there now.
            return
        }
        let report = Report(status: reply, heardAtMS: now())
        reports.withLock { $0[node] = report }
        heard(reply, askedAt)
    }

    /// The first ones always, the rest in turn.
    private static func selection(of nodes: [NodeID], round: Int) -> [NodeID] {
        guard nodes.count > nodesPerRound else { return nodes }
        let always = nodes.prefix(8)
        let others = Array(nodes.dropFirst(8))
        let share = nodesPerRound - always.count
        let start = round * share % others.count
        return always + (0..<share).map { others[(start + $0) % others.count] }
    }
}
