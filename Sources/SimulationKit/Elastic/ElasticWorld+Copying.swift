// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Codecs
import ElasticCore
import PlacementCore
import Primitives

/// What one worker offers others as copies, or back.
struct CopyWork: Sendable {
    let id: UInt64
    let epoch: RingEpoch
    var plan: MovePlan
    var running = 0
    var ledger: HandoffLedger
    /// Whether what the others have goes from here.
    let isGivingBack: Bool
    /// What is given back behind this.
    var next: [(unit: HeldUnit, target: NodeID)]
    var isFruitless = false
}

/// Keeping as many copies as mounts ask for, as `PageCopier` does it.
extension ElasticWorld {
    private static let lookUS: UInt64 = 500_000
    private static let pauseUS: UInt64 = 200_000

    mutating func lookAtCopies(_ worker: Int, _ life: UInt64) {
        guard isRunning(worker, life) else { return }
        queue.add(.copyLook(worker: worker, life: life), at: nowUS + Self.lookUS)
        guard workers[worker].copying == nil, let view = workers[worker].view,
            let node = workers[worker].node
        else { return }
        let replicas = ReplicaCounts(workers[worker].catalog, region: workers[worker].region)
        let situation = CopySchedule.Situation(view, replicas)
        let placement = CopyPlacement(view, replicas, me: node)
        let fresh = workers[worker].fresh.take()
        var held = fresh.units
        var spare: [(unit: HeldUnit, target: NodeID)] = []
        if fresh.hasOverflowed { workers[worker].copySchedule.missedPages(nowMS: nowMS) }
        let now = nowMS
        if workers[worker].copySchedule.begins(situation, nowMS: now) {
            held = everything(at: worker)
            spare = held.compactMap { unit in
                guard case .giveBack(let owner) = placement.duty(about: unit.name) else {
                    return nil
                }
                return (unit, owner)
            }
        }
        let copies = held.flatMap { unit -> [(unit: HeldUnit, target: NodeID)] in
            guard case .copy(let targets) = placement.duty(about: unit.name) else { return [] }
            return targets.map { (unit, $0) }
        }
        beginCopying(worker, copies, then: spare)
    }

    private func everything(at worker: Int) -> [HeldUnit] {
        let shelf = workers[worker].shelf
        return shelf.objects.keys.sorted().flatMap { object in
            shelf.units(of: object).map { unit, pages in
                UnitName(object: objects[object].identity, unit: unit).held(pages)
            }
        }
    }

    private mutating func beginCopying(
        _ worker: Int,
        _ copies: [(unit: HeldUnit, target: NodeID)],
        then spare: [(unit: HeldUnit, target: NodeID)]
    ) {
        let units = copies.isEmpty ? spare : copies
        workers[worker].copying = nil
        guard !units.isEmpty else { return }
        let id = newID()
        workers[worker].copying = CopyWork(
            id: id,
            epoch: workers[worker].epoch,
            plan: MovePlan(units, nowMS: nowMS),
            ledger: HandoffLedger(epoch: workers[worker].epoch),
            isGivingBack: copies.isEmpty,
            next: copies.isEmpty ? [] : spare
        )
        stepCopies(worker, id)
    }

    /// Sends what the plan says, until it says otherwise.
    mutating func stepCopies(_ worker: Int, _ id: UInt64) {
        guard workers[worker].isUp, let work = workers[worker].copying, work.id == id,
            let node = workers[worker].node
        else { return }
        guard work.epoch == workers[worker].epoch else {
            workers[worker].copying = nil
            return
        }
        let limits = HandoffLimits(in: workers[worker].catalog, of: node)
        while true {
            let running = workers[worker].copying?.running ?? 0
            let now = nowMS
            switch workers[worker].copying?.plan.step(limits, running: running, nowMS: now) {
            case .send(let batch): offerCopies(batch, worker, work, by: node)
            case .finished where running == 0: return endCopying(worker)
            default: return queue.add(.copyStep(worker: worker, id), at: nowUS + Self.pauseUS)
            }
        }
    }

    private mutating func offerCopies(
        _ batch: MoveBatch,
        _ worker: Int,
        _ work: CopyWork,
        by node: NodeID
    ) {
        workers[worker].copying?.running += 1
        let offer = batch.offer(epoch: work.epoch, region: workers[worker].region, giver: node)
        call(
            .offer(offer),
            of: batch.target,
            from: worker,
            for: .copy(work.id, batch),
            withinUS: 120_000_000
        )
    }

    mutating func copiesAnswered(
        _ worker: Int,
        _ id: UInt64,
        _ batch: MoveBatch,
        _ reply: CallReply
    ) {
        guard var work = workers[worker].copying, work.id == id else { return }
        work.running -= 1
        var fresh = HandoffLedger(epoch: work.epoch)
        _ = fresh.note(reply.offerAnswer, on: batch)
        if fresh.acknowledgedCount < batch.pageCount { work.isFruitless = true }
        let outcome = work.ledger.note(reply.offerAnswer, on: batch)
        work.plan.settle(batch, outcome, nowMS: nowMS)
        workers[worker].copying = work
        if work.isGivingBack, outcome == .taken, work.epoch == workers[worker].epoch {
            drop(batch, worker, work.ledger)
        }
    }

    private mutating func endCopying(_ worker: Int) {
        guard let work = workers[worker].copying else { return }
        if work.isFruitless || !work.plan.givenUp.isEmpty {
            workers[worker].copySchedule.cameToNothing(nowMS: nowMS)
        }
        beginCopying(worker, [], then: work.next)
    }
}
