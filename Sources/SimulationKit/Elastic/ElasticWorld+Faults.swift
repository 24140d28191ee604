// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import ElasticCore
import Primitives

/// One thing that happens at a moment; what it strikes follows from its own number.
struct PlannedElasticFault: Sendable {
    let number: Int
    let atUS: UInt64
    let kind: ElasticFaultKind
    var random: SplitMix64
}

/// What happens to workers.
extension ElasticWorld {
    mutating func planFaults() {
        let kinds = plan.faults.filter { !$0.isCondition }
        var random = SplitMix64(seed: plan.seed ^ 0xFA_0175)
        var atMS = ElasticPlan.warmUpMS
        var number = 0
        while !kinds.isEmpty {
            let gap = plan.isCalm ? 45_000 : plan.meanFaultGapMS
            atMS += .random(in: 1...gap * 2, using: &random)
            guard atMS < ElasticPlan.warmUpMS + plan.faultsMS else { break }
            let kind = kinds.randomElement(using: &random) ?? .join
            let own = SplitMix64(seed: random.next())
            let fault = PlannedElasticFault(
                number: number,
                atUS: atMS * 1_000,
                kind: kind,
                random: own
            )
            if plan.keptFaults?.contains(number) ?? true {
                schedule.append(fault)
                queue.add(.fault(schedule.count - 1), at: fault.atUS)
            }
            number += 1
        }
    }

    mutating func inject(_ place: Int) {
        guard acceptsFaults else { return }
        var fault = schedule[place]
        guard !plan.isCalm || isAtRest else {
            // One change after the other.
            return queue.add(.fault(place), at: nowUS + 1_000_000)
        }
        tally.injected.append(fault.number)
        tell("fault \(fault.number): \(fault.kind.rawValue)")
        switch fault.kind {
        case .join, .joinMany, .drain, .undrain, .remove, .reweigh: change(&fault)
        case .kill, .killForGood, .killMover, .silence, .longSilence, .massSilence, .cuts:
            strike(&fault)
        case .leaderChange: changeLeader()
        case .lateReplica:
            guard let worker = someone(&fault.random) else { return }
            workers[worker].isLateUntilUS =
                nowUS + .random(in: 0...25_000_000, using: &fault.random)
        case .fullDisk:
            guard let worker = someone(&fault.random) else { return }
            workers[worker].shelf.isFull.toggle()
        case .originOutage:
            if originIsUp { originWentDownUS = nowUS }
            originIsDownUntilUS = nowUS + .random(in: 1_000_000...40_000_000, using: &fault.random)
        case .rate, .pause: tune(&fault)
        case .doubts:
            guard let worker = someone(&fault.random) else { return }
            let untilUS = nowUS + .random(in: 1_000_000...20_000_000, using: &fault.random)
            network.doubt(worker, untilUS: untilUS)
        case .loss, .duplicates, .lostProposals, .ghosts: break
        }
    }

    /// Whether nothing is on its way: nothing to settle, nobody who joins or drains.
    var isAtRest: Bool {
        log.catalog.rings.allSatisfy { ring in
            ring.isSettled && log.catalog.ringMembers(of: ring.region) == ring.members
        } && log.catalog.workers.allSatisfy { ![.joining, .draining].contains($0.state) }
            && workers.allSatisfy { $0.node != nil }
    }

    private func someone(_ random: inout SplitMix64) -> Int? {
        workers.indices.filter { workers[$0].isUp && workers[$0].node != nil }
            .randomElement(using: &random)
    }

    // MARK: - What people do

    private mutating func change(_ fault: inout PlannedElasticFault) {
        switch fault.kind {
        case .join: if workers.count < 28 { joinOne() }
        case .joinMany:
            guard workers.count < 12 else { return }
            let count = fault.random.chance(percent: 30) ? 20 : 4
            for _ in 0..<min(count, 26 - workers.count) {
                queue.add(.joining, at: nowUS + .random(in: 0...5_000_000, using: &fault.random))
            }
        case .drain:
            if let worker = workers(in: .active).randomElement(using: &fault.random) {
                drain(worker)
            }
        case .undrain:
            let leaving = workers(in: .draining, .drained)
            if let worker = leaving.randomElement(using: &fault.random) {
                carryOut(.undrain(worker: worker))
            }
        case .remove:
            if let worker = workers(in: .drained).randomElement(using: &fault.random) {
                carryOut(.remove(worker: worker, isLost: false))
            }
        default:
            guard let worker = someone(&fault.random) else { return }
            workers[worker].capacity =
                UInt64([1, 2, 4].randomElement(using: &fault.random) ?? 1) << 36
        }
    }

    private mutating func tune(_ fault: inout PlannedElasticFault) {
        guard let asked = anybody() else { return }
        var change = HandoffSettings.Change()
        if fault.kind == .pause {
            change.isPaused = true
            let untilUS = nowUS + .random(in: 2_000_000...40_000_000, using: &fault.random)
            queue.add(.person(.resumeMoving), at: untilUS)
        } else {
            change.bytesPerSecond = UInt64.random(in: 1...64, using: &fault.random) << 20
        }
        propose(.handoff(.settings(change)), from: asked)
    }

    // MARK: - What happens to machines

    private mutating func strike(_ fault: inout PlannedElasticFault) {
        switch fault.kind {
        case .kill:
            if let worker = someone(&fault.random) { kill(worker, &fault.random) }
        case .killMover:
            let busy = workers.indices.filter {
                workers[$0].isUp && (workers[$0].move != nil || workers[$0].offersUnderWay > 0)
            }
            if let worker = busy.randomElement(using: &fault.random) {
                kill(worker, &fault.random)
            }
        case .killForGood: killForGood(&fault.random)
        case .silence: silence(&fault.random, 1_000_000...58_000_000)
        case .longSilence: silence(&fault.random, 62_000_000...120_000_000)
        case .massSilence: silenceMany(&fault.random)
        default:
            guard let one = someone(&fault.random), let other = someone(&fault.random),
                one != other
            else { return }
            let untilUS = nowUS + .random(in: 500_000...40_000_000, using: &fault.random)
            network.cut(one, other, untilUS: untilUS)
        }
    }

    private mutating func kill(_ worker: Int, _ random: inout SplitMix64) {
        let isLong = random.chance(percent: 20)
        end(worker, forGood: false)
        let pauseUS = UInt64.random(
            in: 200_000...(isLong ? 100_000_000 : 15_000_000),
            using: &random
        )
        queue.add(.start(worker: worker), at: nowUS + pauseUS)
    }

    /// A worker that a person takes out of the cluster as lost some time later; never most of the voters.
    private mutating func killForGood(_ random: inout SplitMix64) {
        let gone = workers.count { $0.isGone }
        guard gone < workers.count / 4, let worker = someone(&random),
            workers(in: .active).count > 2 * plan.regionCount,
            workers.indices.allSatisfy({ workers[$0].isUp || workers[$0].isGone }),
            (log.catalog.cluster?.voters ?? []).allSatisfy({ voter in
                positions[voter].map { workers[$0].isUp } == true
            })
        else { return }
        end(worker, forGood: true)
        let pauseUS = UInt64.random(in: 5_000_000...100_000_000, using: &random)
        queue.add(.person(.remove(worker: worker, isLost: true)), at: nowUS + pauseUS)
    }

    private mutating func silence(_ random: inout SplitMix64, _ lengthUS: ClosedRange<UInt64>) {
        guard let worker = someone(&random) else { return }
        network.silence(worker, untilUS: nowUS + .random(in: lengthUS, using: &random))
    }

    /// A switch: several workers of a region at the same time; sometimes a person goes on without them.
    private mutating func silenceMany(_ random: inout SplitMix64) {
        let region = Self.regionNames[.random(in: 0..<plan.regionCount, using: &random)]
        let here = workers(in: .active).filter { workers[$0].region == region }
        let count = max(2, here.count * Int.random(in: 35...100, using: &random) / 100)
        let untilUS = nowUS + .random(in: 10_000_000...150_000_000, using: &random)
        for worker in here.shuffled(using: &random).prefix(count) {
            network.silence(worker, untilUS: untilUS)
        }
        if random.chance(percent: 50) {
            let forcedUS = UInt64.random(in: 60_000_000...120_000_000, using: &random)
            queue.add(.person(.force(region: region)), at: nowUS + forcedUS)
        }
    }

    // MARK: - The end of it

    /// Everything works again, and whoever is gone for good is taken out.
    mutating func heal() {
        tell("healed")
        acceptsFaults = false
        isHealed = true
        network.heal()
        originIsDownUntilUS = min(originIsDownUntilUS, nowUS)
        queue.add(.person(.resumeMoving), at: nowUS)
        queue.add(.person(.hurry), at: nowUS)
        for worker in workers.indices {
            workers[worker].shelf.isFull = false
            workers[worker].isLateUntilUS = 0
            if workers[worker].isGone, !workers[worker].isUp {
                queue.add(.person(.remove(worker: worker, isLost: true)), at: nowUS + 1_000_000)
            } else if !workers[worker].isUp {
                start(worker)
            }
        }
    }
}
