// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Logging
import PeerTransport
import Primitives
import RaftCore
import Synchronization

/// The leader sees to it that the right workers vote.
extension CoordinationNode {
    private static let voterPause = Duration.milliseconds(200)

    func keepVoters() async {
        guard await untilMember() else { return }
        var leading: Leading?
        var place = LeadershipPlace()
        while !Task.isCancelled {
            note(&place)
            if let driver, driver.state.role == .leader {
                let term = driver.state.term
                var current =
                    leading.flatMap { $0.term == term ? $0 : nil }
                    ?? Leading(sinceMS: settings.now(), term: term)
                current.place = place
                await takeNextStep(&current, driver)
                leading = current
            } else {
                leading = nil
            }
            let known = leading
            candidate.withLock { $0 = known?.trials.chosen }
            self.leading.withLock { $0 = known }
            try? await Task.sleep(for: Self.voterPause)
        }
    }

    private func takeNextStep(_ leading: inout Leading, _ driver: RaftDriver) async {
        let now = settings.now()
        guard let plan = voterPlan(driver.state, leading, now: now) else { return }
        leading.trials.lost(plan.lost, now: now)
        let step = plan.next
        if plan.lost == nil, plan.move?.coming.isEmpty ?? true { leading.trials.rested(now: now) }
        if let late = leading.trials.chose(step?.candidate, now: now) {
            log.warning(
                "a worker does not come to vote; another is asked",
                metadata: ["peer.name": "\(name(of: late))"]
            )
        } else if let step {
            await perform(step, driver)
        }
    }

    /// The plan as this leader sees the cluster; `nil` while the members just change.
    func voterPlan(_ state: VoterState, _ leading: Leading, now: UInt64) -> VoterPlan? {
        let catalog = replica.catalog
        // What is retired must be seen here as the log has it, or a successor could be retired.
        guard state.voters == state.committedVoters, catalog.cluster != nil,
            replica.applied >= state.committedConfigurationIndex
        else { return nil }
        return VoterPlan(
            members: state.voters,
            catalog: catalog,
            sight: sight(state, leading, now: now),
            leader: membership.node,
            failed: leading.trials.failed,
            chosen: leading.trials.chosen,
            isWaitingForNamesake: leading.trials.isWaitingForNamesake(now: now),
            patienceMS: settings.limits.voterPatienceMS,
            leadingRegion: leading.place.wanted
        )
    }

    private func sight(_ state: VoterState, _ leading: Leading, now: UInt64) -> VoterPlan.Sight {
        let trials = leading.trials
        return VoterPlan.Sight(
            isAlive: { [membership, health] node in
                if node == membership.node { return true }
                return trials.mustAnswer(node, now: now)
                    ? health.answersNow(node) : health.answeredLately(node)
            },
            isInContact: { [membership, health] node in
                if node == membership.node { return true }
                guard let ageMS = state.contactAgesMS[node] else {
                    return health.answersNow(node)  // This leader has not heard anybody yet.
                }
                return ageMS <= max(2_000, 2 * state.electionMS)
            },
            silenceMS: { [membership] node in
                if node == membership.node { return 0 }
                return state.contactAgesMS[node] ?? now - min(now, leading.sinceMS)
            },
            hasLog: { [membership, health] in
                $0 == membership.node || health.report(of: $0)?.status.isVoter == true
            },
            isCaughtUp: { node in
                let match = state.matches[node]?.rawValue ?? 0
                return match + Self.lagAllowed >= state.commit.rawValue
            }
        )
    }

    /// Entries that a newcomer may lack when it gets its vote; the core is asked only then.
    private static let lagAllowed: UInt64 = 1_000

    private func perform(_ step: VoterPlan.Step, _ driver: RaftDriver) async {
        switch step {
        case .enlist(let node): await tell(node, .enlist, driver.state)
        case .release(let node): await tell(node, .release, driver.state)
        case .wait: break
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

/// What a leader remembers of its time as one.
struct Leading: Sendable {
    /// Since when it leads in this term, by the monotonic clock.
    let sinceMS: UInt64
    let term: Term
    var trials = VoterTrials()
    /// From where to lead.
    var place = LeadershipPlace()
}
