// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import ElasticCore
import Primitives

/// The commands of an elastic world in the order in which they were committed, and who leads.
struct SequencedLog: Sendable {
    /// A command on its way.
    struct Proposal: Sendable {
        let command: CatalogCommand
        let worker: Int
        let life: UInt64
        let purpose: Purpose
        let untilUS: UInt64
        /// Where it is in the log, once it is.
        var index = 0
    }

    /// Who waits for what becomes of a command.
    enum Purpose: Sendable {
        case nobody
        case steward(term: UInt64)
        case report(move: UInt64, RingEpoch, isLast: Bool)
    }

    /// As they were committed, encoded.
    var entries: [[UInt8]] = []
    /// What all of them come to.
    var catalog = Catalog()
    /// For each entry the digest of the catalog behind it.
    var digests: [UInt64] = []
    var proposals: [UInt64: Proposal] = [:]
    var leader: Int?
    var term: UInt64 = 0
    /// Since when the leader reaches too few voters.
    var lostSinceUS: UInt64?
    var steward = RingSteward()
    var stewardTerm: UInt64 = 0
    /// What the steward said at its last look and is not done.
    var steps: [CatalogCommand.Operation] = []
}

/// Committing, and following what is committed.
extension ElasticWorld {
    // MARK: - Proposing

    /// Asks the leader to commit a command; whoever waits hears of it, or in the end that nothing is known.
    mutating func propose(
        _ operation: CatalogCommand.Operation,
        from worker: Int,
        for purpose: SequencedLog.Purpose = .nobody,
        withinUS limitUS: UInt64 = 5_000_000
    ) {
        let id = newID()
        log.proposals[id] = SequencedLog.Proposal(
            command: CatalogCommand(operation: operation),
            worker: worker,
            life: workers[worker].life,
            purpose: purpose,
            untilUS: nowUS + limitUS
        )
        queue.add(.proposal(id), at: nowUS + delayUS())
    }

    mutating func proposalArrives(_ id: UInt64) {
        guard let proposal = log.proposals[id] else { return }
        if plan.has(.lostProposals), !isHealed, random.chance(percent: 3) {
            return finish(id, nil)
        }
        guard let leader = log.leader, workers[leader].isUp, log.lostSinceUS == nil,
            network.reaches(proposal.worker, leader, atUS: nowUS)
        else {
            guard nowUS < proposal.untilUS else { return finish(id, nil) }
            return queue.add(.proposal(id), at: nowUS + 30_000)
        }
        queue.add(.commit(id, term: log.term), at: nowUS + delayUS() * 2 + plan.writeMS * 1_000)
    }

    /// An entry of a leader that is no more lives on, or does not.
    mutating func commit(_ id: UInt64, _ term: UInt64) {
        guard let proposal = log.proposals[id] else { return }
        guard log.leader != nil, log.lostSinceUS == nil else {
            guard random.chance(percent: 50) else { return finish(id, nil) }
            return queue.add(.commit(id, term: term), at: nowUS + 500_000)
        }
        if term != log.term, random.chance(percent: 50) { return finish(id, nil) }
        let outcome = append(proposal.command)
        log.proposals[id]?.index = log.entries.count
        let isUnheard = plan.has(.lostProposals) && !isHealed && random.chance(percent: 3)
        finish(id, isUnheard ? nil : outcome)
    }

    private mutating func finish(_ id: UInt64, _ outcome: CatalogOutcome?) {
        queue.add(.proposed(id, outcome), at: nowUS + delayUS())
    }

    /// Commits a command: every replica applies it from now on, in this place.
    @discardableResult
    mutating func append(_ command: CatalogCommand) -> CatalogOutcome? {
        let before = log.catalog
        let payload = CatalogCommand.stamped(command.encode(), elapsedMS: nowMS)
        do throws(ByteDecodingError) {
            let decoded = try CatalogCommand(decoding: payload)
            log.entries.append(payload)
            let outcome = log.catalog.apply(decoded).outcome
            log.digests.append(log.catalog.stateDigest)
            facts.append(.committed(decoded, outcome, before: before))
            count(decoded, outcome, before)
            tell("commit \(log.entries.count): \(decoded.operation.brief) → \(outcome.brief)")
            digest.mix(log.catalog.stateDigest)
            digest.mix(nowUS)
            for worker in workers.indices { follow(worker) }
            return outcome
        } catch {
            complaint = "a command cannot be read: \(error)"
            return nil
        }
    }

    private mutating func count(
        _ command: CatalogCommand,
        _ outcome: CatalogOutcome,
        _ before: Catalog
    ) {
        switch (command.operation, outcome) {
        case (.ring(let change), .ring(let ring)):
            if before.ring(region: change.region)?.epoch != ring.epoch { tally.epochs += 1 }
            if case .hold(_, let nodes) = change, !nodes.isEmpty { tally.held += 1 }
        case (.worker(.drained), .worker): tally.drained += 1
        case (.worker(.fence), .worker(let worker)):
            if worker.state == .suspended { tally.suspended += 1 }
        case (.worker(.remove), .worker): tally.removed += 1
        default: break
        }
    }

    mutating func proposed(_ id: UInt64, _ outcome: CatalogOutcome?) {
        guard let proposal = log.proposals[id], isRunning(proposal.worker, proposal.life) else {
            log.proposals[id] = nil
            return
        }
        let isApplied = workers[proposal.worker].applied >= proposal.index
        guard outcome == nil || isApplied || nowUS >= proposal.untilUS else {
            // Whoever asked sees it in its own replica first.
            return queue.add(.proposed(id, outcome), at: nowUS + 20_000)
        }
        log.proposals[id] = nil
        switch proposal.purpose {
        case .nobody: break
        case .steward(let term): stewardHeard(term, outcome)
        case .report(let move, let epoch, let isLast):
            reported(proposal.worker, move, epoch, isLast: isLast, outcome)
        }
    }

    // MARK: - Following

    /// Has a worker apply what is new, in its own time.
    mutating func follow(_ worker: Int) {
        guard workers[worker].isUp, workers[worker].node != nil, !workers[worker].isFollowing else {
            return
        }
        workers[worker].isFollowing = true
        if !workers[worker].isLookingAfterCopies {
            workers[worker].isLookingAfterCopies = true
            queue.add(.copyLook(worker: worker, life: workers[worker].life), at: nowUS)
        }
        let delayUS = UInt64.random(in: 1_000...plan.lagMS * 1_000, using: &random)
        queue.add(.feed(worker: worker, life: workers[worker].life), at: nowUS + delayUS)
    }

    mutating func feed(_ worker: Int, _ life: UInt64) {
        guard workers[worker].isUp, workers[worker].life == life else { return }
        workers[worker].isFollowing = false
        guard workers[worker].applied < log.entries.count else { return }
        let end = workers[worker].isLateUntilUS <= nowUS ? reachableEnd(worker) : 0
        if end < log.entries.count {
            workers[worker].isFollowing = true
            queue.add(.feed(worker: worker, life: life), at: nowUS + 200_000)
        }
        guard workers[worker].applied < end else { return }
        while workers[worker].applied < end {
            let place = workers[worker].applied
            do throws(ByteDecodingError) {
                let command = try CatalogCommand(decoding: log.entries[place])
                _ = workers[worker].catalog.apply(command)
            } catch {
                complaint = "a committed command cannot be read: \(error)"
                return
            }
            workers[worker].applied = place + 1
        }
        facts.append(.applied(worker: worker))
        replicaChanged(worker)
    }

    /// How far those in reach have come: the leader, or whoever follows.
    private func reachableEnd(_ worker: Int) -> Int {
        if let leader = log.leader, workers[leader].isUp,
            network.reaches(worker, leader, atUS: nowUS)
        {
            return log.entries.count
        }
        return workers.indices.reduce(0) { end, other in
            let isInReach =
                workers[other].isUp && network.reaches(worker, other, atUS: nowUS)
            return isInReach ? max(end, workers[other].applied) : end
        }
    }

    private mutating func replicaChanged(_ worker: Int) {
        let region = workers[worker].region
        let view = RegionView(
            of: region,
            in: workers[worker].catalog,
            after: sharedViews[region] ?? workers[worker].view
        )
        workers[worker].view = view
        if view.revision > (sharedViews[region]?.revision ?? .zero) { sharedViews[region] = view }
        if nowUS >= workers[worker].checkpointAtUS + 500_000 {
            workers[worker].checkpointAtUS = nowUS
            workers[worker].checkpoint = (workers[worker].catalog, workers[worker].applied)
        }
        if isRemoved(worker), !plan.has(.ghosts) { return end(worker, forGood: true) }
        let life = workers[worker].life
        queue.add(
            .moverLook(worker: worker, life: life),
            at: nowUS + .random(in: 0...200_000, using: &random)
        )
    }

    /// Whether a worker knows that it was taken out of the cluster.
    func isRemoved(_ worker: Int) -> Bool {
        guard let node = workers[worker].node, workers[worker].applied > 0 else { return false }
        return workers[worker].catalog.worker(id: node) == nil
    }
}

extension CatalogCommand.Operation {
    /// For a trace.
    var brief: String {
        switch self {
        case .register(let registration): "register \(registration.name)"
        case .handoff(.report(let report)):
            "report of \(report.node) by \(report.epoch): \(report.remaining.pages) left"
                + (report.isDone ? ", done" : "")
        default:
            String(String(describing: self).replacing("CatalogCore.", with: "").prefix(160))
        }
    }
}

extension CatalogOutcome {
    /// For a trace.
    var brief: String {
        switch self {
        case .refused(let refusal): "refused: \(refusal)"
        case .worker(let worker): "\(worker.name) \(worker.state)"
        case .ring(let ring):
            "ring \(ring.epoch) of \(ring.members.map(\.name)), \(ring.previous.count) earlier"
        case .job(let job): "\(job.id) \(job.state)"
        default: "done"
        }
    }
}
