// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Codecs
import ElasticCore
import PlacementCore
import Primitives

/// Carrying pages to those that own them, as `PageMover` does it.
extension ElasticWorld {
    private static let pauseUS: UInt64 = 200_000
    private static let rateUS: UInt64 = 20_000
    private static let restUS: UInt64 = 1_000_000
    private static let reportMS: UInt64 = 2_000

    /// Begins to move where the ring, or this worker's place in it, is another one.
    mutating func lookAtMoves(_ worker: Int, _ life: UInt64) {
        guard isRunning(worker, life), workers[worker].move == nil,
            let situation = workers[worker].situation, situation.isGiving,
            situation != workers[worker].settled
                || situation.isAwaited(in: workers[worker].catalog)
        else { return }
        let round = HandoffRound(situation)
        workers[worker].move = ElasticWorker.Move(
            id: newID(),
            round: round,
            plan: MovePlan([], nowMS: nowMS)
        )
        scan(worker)
    }

    private func isCurrent(_ worker: Int) -> Bool {
        workers[worker].move.map { $0.round.situation == workers[worker].situation } ?? false
    }

    /// Looks for what is still to be given away, and plans how.
    private mutating func scan(_ worker: Int) {
        guard var move = workers[worker].move else { return }
        let catalog = workers[worker].catalog
        let region = workers[worker].region
        let placement = HandoffPlacement(move.round.situation, catalog, region: region)
        var scan = HandoffScan()
        let shelf = workers[worker].shelf
        for object in shelf.objects.keys.sorted() {
            for (unit, pages) in shelf.units(of: object) {
                let held = HeldUnit(
                    object: objects[object].identity,
                    unit: unit,
                    pages: pages,
                    heat: shelf.objects[object]?.heat ?? 0
                )
                scan.add(held, by: placement, move.round.ledger)
            }
        }
        scan.finish()
        move.round.found(scan)
        if scan.units.isEmpty, isFilling(worker, before: move.round.situation.epoch) {
            // What comes by an earlier ring may be another's by this one.
            move.phase = .resting
            workers[worker].move = move
            return queue.add(.moverStep(worker: worker, move: move.id), at: nowUS + Self.pauseUS)
        }
        if scan.units.isEmpty {
            move.phase = .reporting
            workers[worker].move = move
            return reportMove(worker, move.id)
        }
        tell(
            "\(workers[worker].name) moves \(scan.openPages) pages by \(move.round.situation.epoch)"
        )
        move.phase = .carrying
        move.plan = MovePlan(scan.units, nowMS: nowMS)
        move.acknowledgedBefore = move.round.ledger.acknowledgedCount
        move.reportAtMS = nowMS + Self.reportMS
        workers[worker].move = move
        stepMove(worker, move.id)
    }

    private func isFilling(_ worker: Int, before epoch: RingEpoch) -> Bool {
        workers[worker].fills.values.contains { $0.standing.epoch < epoch }
    }

    /// Sends what the plan says, until it says otherwise.
    mutating func stepMove(_ worker: Int, _ id: UInt64) {
        guard workers[worker].isUp, workers[worker].move?.id == id else { return }
        guard isCurrent(worker) else { return abandon(worker) }
        if workers[worker].move?.phase == .resting { return scan(worker) }
        guard workers[worker].move?.phase == .carrying else { return }
        let limits = limits(of: worker)
        while let step = nextStep(worker, limits) {
            guard case .send(let batch) = step else {
                return pause(worker, after: step, limits)
            }
            offer(batch, worker)
        }
    }

    private mutating func nextStep(_ worker: Int, _ limits: HandoffLimits) -> MovePlan.Step? {
        let (running, now) = (workers[worker].move?.running ?? 0, nowMS)
        return workers[worker].move?.plan.step(limits, running: running, nowMS: now)
    }

    private func limits(of worker: Int) -> HandoffLimits {
        workers[worker].node.map { HandoffLimits(in: workers[worker].catalog, of: $0) }
            ?? HandoffLimits(bytesPerSecond: 0, streams: 1)
    }

    private mutating func pause(
        _ worker: Int,
        after step: MovePlan.Step,
        _ limits: HandoffLimits
    ) {
        guard let move = workers[worker].move else { return }
        if step == .finished, move.running == 0 { return endRound(worker) }
        var pauseUS = limits.bytesPerSecond > 0 ? Self.rateUS * 5 : Self.pauseUS
        if case .wait(let milliseconds) = step {
            pauseUS = max(10_000, min(pauseUS, min(milliseconds, 1_000) * 1_000))
        }
        if let due = move.reportAtMS, nowMS >= due {
            workers[worker].move?.reportAtMS = nil  // Until this one has been taken, or not.
            report(worker, isLast: false)
        }
        queue.add(.moverStep(worker: worker, move: move.id), at: nowUS + pauseUS)
    }

    private mutating func offer(_ batch: MoveBatch, _ worker: Int) {
        guard let move = workers[worker].move, let node = workers[worker].node else { return }
        workers[worker].move?.running += 1
        let offer = batch.offer(
            epoch: move.round.situation.epoch,
            region: workers[worker].region,
            giver: node
        )
        call(
            .offer(offer),
            of: batch.target,
            from: worker,
            for: .move(move.id, batch),
            withinUS: 120_000_000
        )
    }

    mutating func offerAnswered(_ worker: Int, _ id: UInt64, _ batch: MoveBatch, _ reply: CallReply)
    {
        guard workers[worker].move?.id == id else { return }
        workers[worker].move?.running -= 1
        guard isCurrent(worker) else { return abandon(worker) }
        let now = nowMS
        guard let outcome = workers[worker].move?.round.note(reply.offerAnswer, on: batch) else {
            return
        }
        workers[worker].move?.plan.settle(batch, outcome, nowMS: now)
        guard outcome == .taken, let round = workers[worker].move?.round,
            round.situation.isDropping
        else { return }
        drop(batch, worker, round.ledger)
    }

    /// Lets go of what the others have by now.
    mutating func drop(_ batch: MoveBatch, _ worker: Int, _ ledger: HandoffLedger) {
        let identities = Set(batch.units.map(\.object))
        for object in objects.indices where identities.contains(objects[object].identity) {
            let pages = ledger.acknowledgedPages(of: objects[object].identity)
            let gone = workers[worker].shelf.remove(object, ifAmong: pages)
            tally.dropped += gone.count
            if !gone.isEmpty { facts.append(.dropped(worker: worker, gone)) }
        }
    }

    /// All of a plan was offered: once more, until a scan finds nothing.
    private mutating func endRound(_ worker: Int) {
        guard var move = workers[worker].move else { return }
        move.round.ledger.giveUp(move.plan.givenUp)
        workers[worker].move = move
        guard move.round.ledger.acknowledgedCount == move.acknowledgedBefore else {
            return scan(worker)
        }
        workers[worker].move?.phase = .resting
        queue.add(.moverStep(worker: worker, move: move.id), at: nowUS + Self.restUS)
    }

    private mutating func abandon(_ worker: Int) {
        workers[worker].move = nil
        queue.add(
            .moverLook(worker: worker, life: workers[worker].life),
            at: nowUS + Self.pauseUS
        )
    }

    // MARK: - Reports

    /// Says that nothing more can move, until that is taken note of.
    mutating func reportMove(_ worker: Int, _ id: UInt64) {
        guard workers[worker].isUp, workers[worker].move?.id == id else { return }
        guard isCurrent(worker) else { return abandon(worker) }
        report(worker, isLast: true)
    }

    private mutating func report(_ worker: Int, isLast: Bool) {
        guard let move = workers[worker].move, let node = workers[worker].node else { return }
        var progress = move.round.progress
        progress.isDone = isLast
        let report = progress.report(of: node)
        let purpose = SequencedLog.Purpose.report(
            move: move.id,
            progress.epoch,
            isLast: isLast
        )
        guard report.isNews(to: workers[worker].catalog) else {
            return reported(worker, move.id, isTaken: true, isLast: isLast)
        }
        propose(.handoff(.report(report)), from: worker, for: purpose)
    }

    mutating func reported(
        _ worker: Int,
        _ id: UInt64,
        _ epoch: RingEpoch,
        isLast: Bool,
        _ outcome: CatalogOutcome?
    ) {
        let isTaken = if case .ring(let ring)? = outcome { ring.epoch == epoch } else { false }
        reported(worker, id, isTaken: isTaken, isLast: isLast)
    }

    private mutating func reported(_ worker: Int, _ id: UInt64, isTaken: Bool, isLast: Bool) {
        guard workers[worker].move?.id == id else { return }
        guard isLast else {
            let due = nowMS + Self.reportMS
            workers[worker].move?.reportAtMS = due
            return
        }
        guard isTaken else {
            return queue.add(.moverReport(worker: worker, move: id), at: nowUS + Self.restUS)
        }
        if isCurrent(worker) { workers[worker].settled = workers[worker].situation }
        abandon(worker)
    }
}
