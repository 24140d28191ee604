// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import ElasticCore
import Primitives

/// Who leads, and what the leader does about rings: as `CoordinationNode.keepRings` does it.
extension ElasticWorld {
    private static let stewardPauseUS: UInt64 = 200_000
    private static let stepsAtOnce = 64
    /// A leader without a quorum gives up, and another is found.
    private static let leadershipUS: UInt64 = 1_500_000

    private var voters: [Int] {
        (log.catalog.cluster?.voters ?? []).compactMap { positions[$0] }
    }

    private func hasQuorum(_ worker: Int) -> Bool {
        let voters = voters
        let reached = voters.count {
            workers[$0].isUp && network.reaches(worker, $0, atUS: nowUS)
        }
        return workers[worker].isUp && reached > voters.count / 2
    }

    mutating func lookAfterLeader() {
        if let leader = log.leader, hasQuorum(leader), voters.contains(leader) {
            log.lostSinceUS = nil
            return keepVoters()
        }
        let since = log.lostSinceUS ?? nowUS
        log.lostSinceUS = since
        guard nowUS - since >= Self.leadershipUS else { return }
        log.leader = nil
        if let next = voters.filter(hasQuorum).randomElement(using: &random) { elect(next) }
    }

    mutating func elect(_ worker: Int) {
        log.leader = worker
        log.lostSinceUS = nil
        log.term += 1
        log.steps = []
        tally.elections += 1
        tell("\(workers[worker].name) leads term \(log.term)")
        queue.add(.steward(term: log.term), at: nowUS + Self.stewardPauseUS)
        follow(worker)
    }

    /// Gives somebody else the leadership, as far as there is anybody.
    mutating func changeLeader() {
        let others = voters.filter { $0 != log.leader && hasQuorum($0) }
        if let next = others.randomElement(using: &random) { elect(next) }
    }

    /// A vote goes on from who leaves or is gone to somebody else: production's plan for votes has worlds and
    /// tests of its own.
    private mutating func keepVoters() {
        guard let leader = log.leader, let cluster = log.catalog.cluster else { return }
        let leaving = cluster.voters.first { node in
            guard let worker = log.catalog.worker(id: node) else { return true }
            return [.draining, .drained].contains(worker.state)
                || positions[node].map { workers[$0].isGone } ?? true
        }
        guard let leaving, random.chance(percent: 30) else { return }
        let candidates = voteCandidates
        guard let heir = candidates.randomElement(using: &random) else { return }
        let voters = cluster.voters.map { $0 == leaving ? heir : $0 }.sorted()
        propose(.members(voters: voters), from: leader)
    }

    private var voteCandidates: [NodeID] {
        let voters = log.catalog.cluster?.voters ?? []
        return log.catalog.workers.filter { worker in
            worker.state == .active && !voters.contains(worker.id)
                && positions[worker.id].map { workers[$0].isUp } == true
        }.map(\.id)
    }

    // MARK: - The steward

    mutating func keepRings(_ term: UInt64) {
        guard term == log.term, let leader = log.leader, workers[leader].isUp else { return }
        if workers[leader].applied < log.entries.count || !log.steps.isEmpty {
            return queue.add(.steward(term: term), at: nowUS + Self.stewardPauseUS)
        }
        if log.stewardTerm != term {
            // What another leader heard is not what this one did.
            log.steward = RingSteward()
            log.stewardTerm = term
        }
        let steps = log.steward.next(
            in: workers[leader].catalog,
            seeing: sight(of: leader),
            nowMS: nowMS
        )
        log.steps = Array(steps.prefix(Self.stepsAtOnce).reversed())
        nextStep(term)
    }

    private mutating func nextStep(_ term: UInt64) {
        guard let leader = log.leader, let step = log.steps.last else {
            return queue.add(.steward(term: term), at: nowUS + Self.stewardPauseUS)
        }
        propose(step, from: leader, for: .steward(term: term), withinUS: 2_000_000)
    }

    mutating func stewardHeard(_ term: UInt64, _ outcome: CatalogOutcome?) {
        guard term == log.term else { return }
        if outcome == nil { log.steps = [] } else { _ = log.steps.popLast() }
        nextStep(term)
    }

    private func sight(of leader: Int) -> RingSteward.Sight {
        let opinions = Dictionary(
            uniqueKeysWithValues: workers.indices.compactMap { worker in
                workers[worker].node.map { ($0, opinion(of: leader, about: worker)) }
            }
        )
        let voters = log.catalog.cluster?.voters ?? []
        let hasCandidate = !voteCandidates.isEmpty
        return RingSteward.Sight(
            isAlive: { opinions[$0] == .alive },
            isDead: { opinions[$0] == .dead },
            vote: { !voters.contains($0) ? .none : hasCandidate ? .moving : .kept }
        )
    }
}
