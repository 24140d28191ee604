// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import PeerTransport
package import Primitives
import Synchronization

/// Waiting until every worker of every region has a change.
extension CoordinationNode {
    /// One question waits so long; a worker that is ahead answers at once.
    private static let questionTime = Timespan.seconds(1)
    /// What an answer may take beside that; no longer than there is time.
    private static let answerTime = Duration.seconds(1)
    /// Between two questions to a worker that did not answer.
    private static let pause = Duration.milliseconds(200)
    /// Workers that are asked at a time.
    private static let inFlight = 256
    /// Added to an on-stale time: clocks that count milliseconds differ by less.
    private static let margin = Timespan.seconds(1)

    package func barrier(
        _ request: BarrierRequest,
        within limit: Timespan
    ) async -> BarrierReport {
        let began = settings.now()
        let catalog = replica.catalog
        let workers = catalog.workers.filter { $0.state != .removed }
        let past = Past(request, in: catalog)
        var missing: Set<NodeID> = []
        await withTaskGroup(of: NodeID?.self) { group in
            for (position, worker) in workers.enumerated() {
                if position >= Self.inFlight, let late = await group.next() ?? nil {
                    missing.insert(late)
                }
                group.addTask {
                    let end = began + self.patience(for: worker, past, limit)
                    let isThere = await self.follow(worker.id, to: request.revision, until: end)
                    return isThere ? nil : worker.id
                }
            }
            for await late in group { if let late { missing.insert(late) } }
        }
        forget(allBut: workers)
        let spent = Timespan(milliseconds: settings.now() - began)
        return BarrierReport(
            regions: Set(workers.map(\.region)).sorted().map { region in
                let own = workers.filter { $0.region == region }
                let late = own.filter { missing.contains($0.id) }
                return BarrierReport.Region(
                    name: region,
                    workerCount: own.count,
                    missing: late.map(\.name).sorted(),
                    isExpired: late.allSatisfy { worker in
                        expiry(for: worker, past).map { $0 <= spent } ?? false
                    }
                )
            }
        )
    }

    // MARK: - Private

    /// What was at the mount's path before the change.
    private struct Past: Sendable {
        let change: Revision
        let history: [MountRevision]
        let horizon: Revision

        init(_ request: BarrierRequest, in catalog: Catalog) {
            change = request.revision
            history = catalog.history(of: request.path)
            horizon = catalog.historyHorizon(of: request.path)
        }
    }

    /// What was heard of workers that are gone is of no use.
    private func forget(allBut workers: [WorkerEntry]) {
        let nodes = Set(workers.map(\.id))
        reached.withLock { reached in reached = reached.filter { nodes.contains($0.key) } }
    }

    /// Milliseconds that a worker is waited for: no longer than it can be using what was there before.
    private func patience(
        for worker: WorkerEntry,
        _ past: Past,
        _ limit: Timespan
    ) -> UInt64 {
        let expiry = expiry(for: worker, past) ?? limit
        return min(limit, expiry).milliseconds
    }

    /// How long from now on a worker that lacks the change may use what was there before; `nil`: for ever.
    private func expiry(for worker: WorkerEntry, _ past: Past) -> Timespan? {
        let longest = StaleTime.longest(
            of: past.history,
            horizon: past.horizon,
            known: known(to: worker.id),
            before: past.change
        )
        return longest.map { Timespan(milliseconds: $0.milliseconds + Self.margin.milliseconds) }
    }

    /// What a worker has at least, by what it last said.
    private func known(to node: NodeID) -> Revision {
        let told = health.report(of: node)?.status.revision ?? .zero
        return max(told, reached.withLock { $0[node] ?? .zero })
    }

    /// Asks a worker until it has the revision, or the time is over.
    private func follow(
        _ node: NodeID,
        to revision: Revision,
        until end: UInt64
    ) async -> Bool {
        if node == membership.node { return replica.catalog.revision >= revision }
        while !Task.isCancelled {
            let now = settings.now()
            let left = Timespan(milliseconds: end - min(now, end))
            let wait = min(left, Self.questionTime)
            let timeout = min(wait.duration + Self.answerTime, left.duration)
            if let found = await askReach(node, revision, wait, timeout) {
                reached.withLock { $0[node] = found }
                if found >= revision { return true }
            }
            guard settings.now() < end else { return false }
            try? await Task.sleep(for: min(Self.pause, left.duration))
        }
        return false
    }

    private func askReach(
        _ node: NodeID,
        _ revision: Revision,
        _ wait: Timespan,
        _ timeout: Duration
    ) async -> Revision? {
        guard let address = book.address(of: node) else { return nil }
        let reply = try? await peers.request(
            PeerMethod.reach.rawValue,
            ReachRequest(revision: revision, limit: wait).encode(),
            to: address,
            timeout: timeout
        )
        guard let reply else { return nil }
        var reader = ByteReader(reply)
        return (try? reader.integer(UInt64.self)).map(Revision.init)
    }

    /// Another worker wants to know whether this one has a revision: waits a little, and says which it has.
    func answerReach(
        _ body: [UInt8],
        from remote: PeerHello
    ) async throws(PeerFailure) -> [UInt8] {
        try requireMember(remote)
        guard let request = try? ReachRequest(decoding: body) else {
            throw .because(.badRequest, "not a question about a revision")
        }
        _ = await replica.wait(
            for: request.revision,
            within: min(request.limit, Self.questionTime)
        )
        var writer = ByteWriter()
        writer.write(replica.catalog.revision.rawValue)
        return writer.bytes
    }
}

/// Do you have this revision, or have it soon: format 1, `u64` revision, `u64` milliseconds.
struct ReachRequest: Hashable {
    let revision: Revision
    let limit: Timespan

    init(revision: Revision, limit: Timespan) {
        self.revision = revision
        self.limit = limit
    }

    func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(UInt8(1))
        writer.write(revision.rawValue)
        writer.write(limit.milliseconds)
        return writer.bytes
    }

    init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        try reader.version(of: "reach request", newest: 1)
        revision = Revision(try reader.integer())
        limit = Timespan(milliseconds: try reader.integer())
        try reader.finish()
    }
}
