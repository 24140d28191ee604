// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
import Codecs
import PeerTransport
package import Primitives
import RaftCore
import Synchronization

/// What people ask about the votes, and of them: from any worker to the leader, who knows best.
extension CoordinationNode {
    package func votingOutlook() async -> VotingOutlook? {
        guard let bytes = await ask(VotingQuestion(), within: .milliseconds(500)) else {
            return nil
        }
        return try? VotingOutlook(decoding: bytes)
    }

    package func effect(
        of kind: VoteWish.Kind,
        on name: String
    ) async throws(CoordinationError) -> String {
        let question = VotingQuestion(wish: VoteWish(node: try worker(named: name), kind: kind))
        let started = settings.now()
        while settings.now() - started < Self.leaderPatience.milliseconds, !Task.isCancelled {
            try requireQuorum()
            // The members may just change, or the leader.
            if let bytes = await ask(question, within: .seconds(1)),
                let verdict = try? VotingVerdict(decoding: bytes)
            {
                switch verdict {
                case .safe(let effect): return effect
                case .unsafe(let reason): throw .unsafe(reason)
                }
            }
            try? await Task.sleep(for: .milliseconds(100))
        }
        throw .noLeader
    }

    package func changeVoting(
        _ change: VotingChange,
        within limit: Timespan
    ) async throws(CoordinationError) -> ClusterEntry {
        let outcome = try await submit(CatalogCommand(operation: .voting(change)), within: limit)
        if case .refused(let refusal) = outcome {
            switch refusal {
            case .badValue(let reason): throw .badValue(reason)
            case .noSuchWorker: throw .notFound("there is no such worker any more")
            default: throw .unsafe("\(refusal)")
            }
        }
        guard let cluster = replica.catalog.cluster else { throw .notInitialised }
        return cluster
    }

    /// The node of a worker that may be about to get a vote or to lose it.
    private func worker(named name: String) throws(CoordinationError) -> NodeID {
        guard membership.node != nil else { throw .notInitialised }
        guard let worker = replica.catalog.worker(named: name) else {
            throw .notFound("no worker is named '\(name)'")
        }
        return worker.id
    }

    private func ask(_ question: VotingQuestion, within limit: Duration) async -> [UInt8]? {
        guard let leader = knownLeader else { return nil }
        if leader == membership.node { return await answer(question) }
        guard let address = book.address(of: leader) else { return nil }
        return try? await peers.request(
            PeerMethod.voting.rawValue,
            question.encode(),
            to: address,
            timeout: limit
        )
    }

    func answerVotingQuestion(
        _ body: [UInt8],
        from remote: PeerHello
    ) async throws(PeerFailure) -> [UInt8] {
        try requireMember(remote)
        guard let question = try? VotingQuestion(decoding: body) else {
            throw .because(.badRequest, "not a question about the votes")
        }
        guard let answer = await answer(question) else {
            throw .because(.notLeader, "not the leader, or the members just change")
        }
        return answer
    }

    /// As this leader sees it; `nil` where another leads, and for a verdict while the members change.
    private func answer(_ question: VotingQuestion) async -> [UInt8]? {
        if let wish = question.wish, wish.node != membership.node,
            !health.answeredLately(wish.node)
        {
            // It may have come just now, or its turn to be asked may be long past.
            _ = await health.hears(
                wish.node,
                asking: statusRequest,
                within: .milliseconds(500)  // Who asks waits a second.
            )
        }
        guard let driver, driver.state.role == .leader, let leading = leading.withLock({ $0 })
        else { return nil }
        let plan = voterPlan(driver.state, leading, now: settings.now())
        if let wish = question.wish { return plan?.verdict(on: wish).encode() }
        let change = VotingOutlook(waitsFor: "the change of the voters that is under way")
        var outlook = plan?.outlook ?? change
        outlook.leadership = leading.place.reason
        return outlook.encode()
    }
}
