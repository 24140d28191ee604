// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import FeedCore
import PeerTransport
package import Primitives
import RaftCore

/// What an operator asks: who votes, leads, answers.
extension CoordinationNode: CoordinationService {
    package func status() -> CoordinationStatus {
        let catalog = replica.catalog
        let quorum = quorum
        let leader = knownLeader
        return CoordinationStatus(
            cluster: membership.cluster,
            term: driver?.state.term ?? newestTerm,
            leader: leader.map(name(of:)),
            commitIndex: driver?.state.commit ?? replica.applied,
            quorumHave: quorum.have,
            quorumNeed: quorum.need,
            voters: voters.map { voterStatus($0, in: catalog) },
            learners: learners.map { voterStatus($0, in: catalog) },
            relays: feedTree.relays,
            workers: catalog.workers.map { health(of: $0) },
            alarms: knownAlarms(catalog)
        )
    }

    /// This worker's own alarms, then those that others told of themselves.
    private func knownAlarms(_ catalog: Catalog) -> [WorkerAlarm] {
        let own = ownAlarms.map { WorkerAlarm(worker: registration.name, alarm: $0) }
        let others = catalog.workers.filter { $0.id != membership.node }
        return own + ringAlarms(catalog)
            + others.flatMap { worker in
                let told = health.report(of: worker.id)?.status.alarms ?? []
                return told.map { WorkerAlarm(worker: worker.name, alarm: $0) }
            }
    }

    package func untilVotersWereAsked() async {
        let deadline = settings.now() + 1500
        while membership.node != nil, quorum.have < quorum.need, isStillListening,
            settings.now() < deadline, !Task.isCancelled
        {
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    package func readiness() -> Readiness {
        switch membership.state {
        case .fresh: .waiting(isPeerFormed ? .joining : .waitingForInit)
        case .replacing: .waiting(.replacing)
        case .observer, .voter:
            // The catalog begins with the first entry that the voters committed.
            replica.catalog.cluster == nil
                ? .waiting(.joining)
                : isNamesakeVoting ? .waiting(.replacing) : isLeaving ? .waiting(.draining) : .ready
        }
    }

    /// Whether this worker gives its pages away, or has: nothing new should be sent to it.
    private var isLeaving: Bool {
        let entry = membership.node.flatMap { replica.catalog.worker(id: $0) }
        return entry.map { [.draining, .drained].contains($0.state) } ?? false
    }

    package func transferLeadership(
        to name: String?,
        within limit: Timespan
    ) async throws(CoordinationError) -> String {
        guard membership.node != nil else { throw .notInitialised }
        try requireQuorum()
        let target = try transferTarget(name)
        guard let before = knownLeader else { throw .noLeader }
        if target == before { return self.name(of: before) }

        try await askForTransfer(from: before, to: target)
        let started = settings.now()
        while settings.now() - started < min(limit.milliseconds, 10_000), !Task.isCancelled {
            if let now = knownLeader, now != before, target == nil || now == target {
                return self.name(of: now)
            }
            try? await Task.sleep(for: .milliseconds(20))
        }
        throw .unfinished(
            .transfer,
            "\(self.name(of: before)) was asked to hand leadership over, and "
                + (knownLeader == before ? "still leads" : "nobody is seen to lead yet")
        )
    }

    private func transferTarget(_ name: String?) throws(CoordinationError) -> NodeID? {
        guard let name else { return nil }
        guard let worker = replica.catalog.worker(named: name) else {
            throw .notFound("no worker is named '\(name)'")
        }
        guard voters.contains(worker.id) else {
            throw .badValue("'\(name)' has no vote; only a voter can lead")
        }
        return worker.id
    }

    private func askForTransfer(
        from leader: NodeID,
        to target: NodeID?
    ) async throws(CoordinationError) {
        if let driver, leader == membership.node {
            driver.transferLeadership(to: target)
            return
        }
        var writer = ByteWriter()
        writer.write(target?.rawValue ?? 0)
        guard let address = book.address(of: leader),
            (try? await peers.request(
                PeerMethod.transfer.rawValue,
                writer.bytes,
                to: address,
                timeout: .seconds(2)
            )) != nil
        else { throw .noLeader }
    }

    private var newestTerm: Term {
        health.leadership(of: voters)?.term
            ?? voters.compactMap { health.report(of: $0)?.status.term }.max() ?? .zero
    }

    private func voterStatus(
        _ node: NodeID,
        in catalog: Catalog
    ) -> CoordinationStatus.VoterStatus {
        let worker = catalog.worker(id: node)
        return CoordinationStatus.VoterStatus(
            node: node,
            name: worker?.name ?? node.description,
            region: worker?.region ?? "",
            zone: worker?.zone ?? "",
            isReachable: node == membership.node || health.answersNow(node),
            trailsLeaderBy: trail(of: node)
        )
    }

    /// By the leader's own books where it is here, else by the last status of both.
    private func trail(of node: NodeID) -> UInt64? {
        let leaderIndex: LogIndex
        let index: LogIndex
        if let state = driver?.state, state.role == .leader {
            leaderIndex = state.commit
            index = node == membership.node ? state.commit : state.matches[node] ?? .zero
        } else {
            guard let leader = knownLeader else { return nil }
            guard let ofLeader = lastIndex(of: leader), let ofNode = lastIndex(of: node) else {
                return nil
            }
            leaderIndex = ofLeader
            index = ofNode
        }
        return leaderIndex.rawValue - min(index.rawValue, leaderIndex.rawValue)
    }

    private func lastIndex(of node: NodeID) -> LogIndex? {
        node == membership.node ? replica.applied : health.index(of: node)
    }

    private func health(of worker: WorkerEntry) -> WorkerHealth {
        if worker.id == membership.node {
            let load = settings.load()
            return WorkerHealth(
                name: worker.name,
                liveness: .alive,
                usedBytes: load.usedBytes,
                pages: load.pages
            )
        }
        let status = health.report(of: worker.id)?.status
        return WorkerHealth(
            name: worker.name,
            liveness: liveness(of: worker.id),
            usedBytes: status?.usedBytes,
            pages: status?.pages
        )
    }

    /// Whether a peer that this fresh worker looks for belongs to a cluster already.
    private var isPeerFormed: Bool {
        settings.join.contains { peers.status(of: $0).remote?.cluster != nil }
    }
}
