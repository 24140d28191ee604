// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Logging
import PeerTransport
import Primitives
import RaftCore

/// The leader sees to it that every vote belongs to a store that exists.
extension CoordinationNode {
    private static let voterPause = Duration.milliseconds(200)
    /// How long a lost vote waits for the worker that has its name now, before another gets it.
    private static let namesakeMS: UInt64 = 10_000

    /// How long a worker has to make its log, or to catch up, before another is asked.
    private static let trialMS: UInt64 = 60_000

    func keepVoters() async {
        guard await untilMember() else { return }
        var loss: (voter: Voter, sinceMS: UInt64)?
        var trial: (node: NodeID, sinceMS: UInt64)?
        var failed: [NodeID] = []
        while !Task.isCancelled {
            if let driver, driver.state.role == .leader {
                let now = settings.now()
                let isWaiting = loss.map { now - min(now, $0.sinceMS) < Self.namesakeMS } ?? true
                let plan = voterPlan(driver.state, failed, isWaitingForNamesake: isWaiting)
                if let plan, plan.lost != loss?.voter {
                    loss = plan.lost.map { ($0, now) }
                    (trial, failed) = (nil, [])
                }
                let step = plan?.next
                if let node = step?.candidate, node != trial?.node { trial = (node, now) }
                if let begun = trial, now - begun.sinceMS > Self.trialMS {
                    log.warning(
                        "a worker does not come to vote; another is asked",
                        metadata: ["peer.name": "\(name(of: begun.node))"]
                    )
                    failed = failed.filter { $0 != begun.node }.suffix(16) + [begun.node]
                    trial = nil
                } else if let step {
                    await perform(step, driver)
                }
            }
            try? await Task.sleep(for: Self.voterPause)
        }
    }

    private func voterPlan(
        _ state: VoterState,
        _ failed: [NodeID],
        isWaitingForNamesake: Bool
    ) -> VoterPlan? {
        let catalog = replica.catalog
        // What is retired must be seen here as the log has it, or a successor could be retired.
        guard state.voters == state.committedVoters, catalog.cluster != nil,
            replica.applied >= state.committedConfigurationIndex
        else { return nil }
        return VoterPlan(
            members: state.voters,
            catalog: catalog,
            isAlive: { [membership, health] in $0 == membership.node || health.answersNow($0) },
            hasLog: { [membership, health] in
                $0 == membership.node || health.report(of: $0)?.status.isVoter == true
            },
            failed: failed,
            isWaitingForNamesake: isWaitingForNamesake
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
