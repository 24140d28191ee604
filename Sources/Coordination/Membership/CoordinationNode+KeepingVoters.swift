// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Logging
import PeerTransport
import Primitives
import RaftCore
import Synchronization

/// The leader sees to it that every vote belongs to a store that exists.
extension CoordinationNode {
    private static let voterPause = Duration.milliseconds(200)

    func keepVoters() async {
        guard await untilMember() else { return }
        var trials = VoterTrials()
        while !Task.isCancelled {
            if let driver, driver.state.role == .leader {
                await takeNextStep(&trials, driver)
            } else {
                trials = VoterTrials()
            }
            candidate.withLock { $0 = trials.chosen }
            try? await Task.sleep(for: Self.voterPause)
        }
    }

    private func takeNextStep(_ trials: inout VoterTrials, _ driver: RaftDriver) async {
        let now = settings.now()
        guard let plan = voterPlan(driver.state, trials, now: now) else { return }
        trials.lost(plan.lost, now: now)
        let step = plan.next
        if let late = trials.chose(step?.candidate, now: now) {
            log.warning(
                "a worker does not come to vote; another is asked",
                metadata: ["peer.name": "\(name(of: late))"]
            )
        } else if let step {
            await perform(step, driver)
        }
    }

    private func voterPlan(
        _ state: VoterState,
        _ trials: VoterTrials,
        now: UInt64
    ) -> VoterPlan? {
        let catalog = replica.catalog
        // What is retired must be seen here as the log has it, or a successor could be retired.
        guard state.voters == state.committedVoters, catalog.cluster != nil,
            replica.applied >= state.committedConfigurationIndex
        else { return nil }
        return VoterPlan(
            members: state.voters,
            catalog: catalog,
            isAlive: { [membership, health] node in
                if node == membership.node { return true }
                return trials.mustAnswer(node, now: now)
                    ? health.answersNow(node) : health.answeredLately(node)
            },
            isInContact: { [health] learner in
                guard let ageMS = state.contactAgesMS[learner] else {
                    return health.answersNow(learner)  // This leader has not heard anybody yet.
                }
                return ageMS <= max(2_000, 2 * state.electionMS)
            },
            hasLog: { [membership, health] in
                $0 == membership.node || health.report(of: $0)?.status.isVoter == true
            },
            failed: trials.failed,
            chosen: trials.chosen,
            isWaitingForNamesake: trials.isWaitingForNamesake(now: now)
        )
    }

    private func perform(_ step: VoterPlan.Step, _ driver: RaftDriver) async {
        switch step {
        case .enlist(let node): await tell(node, .enlist, driver.state)
        case .release(let node): await tell(node, .release, driver.state)
        case .change(let change):
            let refusal = await driver.changeMembers(change, within: .seconds(2))
            switch refusal {
            case nil:
                log.notice(
                    "the voters change",
                    metadata: [
                        "raft.voters": "\(names(change.voters))",
                        "raft.learners": "\(names(change.learners))",
                    ]
                )
            case .notCaughtUp, .underWay, .tooEarly: break  // Soon it will be.
            case .notLeader, .transferring, .noQuorum, .superseded, .malformed:
                log.info("the voters stay", metadata: ["reason": "\(String(describing: refusal))"])
            }
        }
    }

    private func names(_ voters: [Voter]) -> String {
        voters.map { name(of: $0.node) }.joined(separator: ", ")
    }

    private func tell(_ node: NodeID, _ method: PeerMethod, _ state: VoterState) async {
        guard let address = book.address(of: node) else { return }
        let assignment = VoteAssignment(
            term: state.term,
            configuration: state.committedConfigurationIndex
        )
        do throws(PeerError) {
            _ = try await peers.request(
                method.rawValue,
                assignment.encode(),
                to: address,
                timeout: .seconds(2)
            )
        } catch {
            log.info(
                "a worker did not take its vote's assignment",
                metadata: ["peer.name": "\(name(of: node))", "error": "\(error)"]
            )
        }
    }
}
