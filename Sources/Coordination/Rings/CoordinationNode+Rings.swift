// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
import ElasticCore
import Logging
package import Primitives
import RaftCore
import Synchronization

/// The leader looks after the rings; every worker says how far it is with giving pages away.
extension CoordinationNode {
    private static let stewardPause = Duration.milliseconds(200)
    /// Commands given at once; the rest comes with the next look.
    private static let stepsAtOnce = 64

    func keepRings() async {
        guard await untilMember() else { return }
        var steward = RingSteward()
        var term: Term?
        while !Task.isCancelled {
            if let driver, driver.state.role == .leader {
                // What another leader heard is not what this one did.
                if driver.state.term != term {
                    steward = RingSteward()
                }
                term = driver.state.term
                await keepRings(steward: &steward, driver)
            } else {
                term = nil
            }
            try? await Task.sleep(for: Self.stewardPause)
        }
    }

    private func keepRings(steward: inout RingSteward, _ driver: RaftDriver) async {
        let catalog = replica.catalog
        guard catalog.cluster != nil, replica.applied >= driver.state.commit else { return }
        let steps = steward.next(in: catalog, seeing: ringSight(driver), nowMS: settings.now())
        for step in steps.prefix(Self.stepsAtOnce) {
            guard
                let outcome = try? await submit(
                    CatalogCommand(operation: step),
                    within: .seconds(2)
                )
            else { return }  // Whatever is still to be done is seen at the next look.
            logStep(step, outcome)
        }
    }

    private func ringSight(_ driver: RaftDriver) -> RingSteward.Sight {
        RingSteward.Sight(
            isAlive: { [weak self] node in
                guard let self else { return false }
                return node == membership.node || liveness(of: node) == .alive
            },
            isDead: { [weak self] node in
                guard let self, node != membership.node else { return false }
                return liveness(of: node) == .dead
            },
            vote: { [weak self] node in self?.vote(of: node, driver.state) ?? .moving }
        )
    }

    /// What becomes of a drained worker's vote: kept where nobody could take it.
    private func vote(of node: NodeID, _ state: VoterState) -> RingSteward.Sight.Vote {
        guard state.voters.members.contains(where: { $0.node == node }) else { return .none }
        let plan = leading.withLock { $0 }.flatMap { voterPlan(state, $0, now: settings.now()) }
        let isKept = plan?.aims.contains { aim in
            guard case .candidates = aim.obstacle else { return false }
            // Of several that should have no vote one is named; nobody could take the others' either.
            return aim.cause == .unwelcome || aim.leaving.contains { $0.node == node }
        }
        return isKept == true ? .kept : .moving
    }

    private func logStep(_ step: CatalogCommand.Operation, _ outcome: CatalogOutcome) {
        switch (step, outcome) {
        case (.worker, .worker(let worker)):
            log.notice(
                "a worker's state changed",
                metadata: [
                    "worker.name": "\(worker.name)",
                    "worker.state": "\(worker.state.text)",
                    "worker.silent": "\(worker.isSilent)",
                ]
            )
        case (.ring(.hold(_, let nodes)), .ring(let ring)):
            let names = nodes.map(name(of:)).joined(separator: ", ")
            log.warning(
                nodes.isEmpty ? "the ring is released" : "the ring is held",
                metadata: ["ring.region": "\(ring.region)", "ring.silent": "\(names)"]
            )
        case (.ring, .ring(let ring)):
            log.notice(
                "the ring changed",
                metadata: [
                    "ring.region": "\(ring.region)", "ring.epoch": "\(ring.epoch)",
                    "ring.members": "\(ring.members.count)",
                    "ring.settled": "\(ring.isSettled)",
                ]
            )
        case (_, .refused(let refusal)):
            log.info("a step of the rings was refused", metadata: ["reason": "\(refusal)"])
        default: break
        }
    }

    /// Tells the cluster how far this worker is with giving pages away.
    ///
    /// - Returns: Whether its region still has the epoch that was reported by.
    package func report(
        epoch: RingEpoch,
        remaining: HandoffReport.Amount,
        moved: HandoffReport.Amount,
        isDone: Bool
    ) async -> Bool {
        guard let node = membership.node else { return false }
        let report = HandoffReport(
            node: node,
            epoch: epoch,
            remaining: remaining,
            moved: moved,
            isDone: isDone
        )
        guard report.isNews(to: replica.catalog) else { return true }
        let command = CatalogCommand(operation: .handoff(.report(report)))
        guard case .ring(let ring)? = try? await submit(command, within: .seconds(5)) else {
            return false
        }
        return ring.epoch == epoch
    }

    /// About rings that are held: whoever has the catalog knows; the first silent worker stands for all.
    func ringAlarms(_ catalog: Catalog) -> [WorkerAlarm] {
        catalog.rings.filter { !$0.heldFor.isEmpty }.map { ring in
            let names = ring.heldFor.map(name(of:)).joined(separator: ", ")
            let alarm = Alarm(
                .ringHeld,
                "the ring of '\(ring.region)' is held at epoch \(ring.epoch): \(names) fell silent "
                    + "within a minute; see to them, or go on without them with 'tarn ring force "
                    + "--region \(ring.region)'"
            )
            return WorkerAlarm(worker: name(of: ring.heldFor[0]), alarm: alarm)
        }
    }
}
