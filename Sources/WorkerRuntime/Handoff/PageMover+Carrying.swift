// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import Codecs
import ElasticCore
import Logging
import NIOPosix
import PageStorage
import PageTransport
import PlacementCore
import Primitives

/// The offers of one plan, as many at a time as there may be.
extension PageMover {
    private enum Event: Sendable {
        case answered(MoveBatch, [PageOfferVerdict]?)
        case reported
        case tick
    }

    /// Does what the plan says, until it is finished or the ring has changed.
    func carry(_ scan: HandoffScan, _ round: HandoffRound) async -> HandoffRound {
        await withTaskGroup(of: Event.self) { group in
            var round = round
            let situation = round.situation
            var plan = MovePlan(scan.units, nowMS: nowMS)
            var running = 0
            var isTicking = false
            var nextReport: ContinuousClock.Instant? = .now + Self.reportInterval
            while isCurrent(situation) {
                let limits = limits()
                let step = plan.step(limits, running: running, nowMS: nowMS)
                if case .send(let batch) = step {
                    running += 1
                    group.addTask { .answered(batch, await self.offer(batch, situation)) }
                    continue
                }
                if step == .finished, running == 0 { break }
                if !isTicking {
                    isTicking = true
                    group.addTask { await Self.tick(after: step, limits) }
                }
                switch await group.next() {
                case .answered(let batch, let verdicts):
                    running -= 1
                    let outcome = round.note(verdicts, on: batch)
                    plan.settle(batch, outcome, nowMS: nowMS)
                    if outcome == .taken { await drop(batch, round) }
                case .reported: nextReport = .now + Self.reportInterval
                case .tick, nil: isTicking = false
                }
                if let due = nextReport, .now >= due {
                    nextReport = nil  // Until this one has been taken, or not.
                    let progress = round.progress
                    group.addTask { await self.said(progress) }
                }
            }
            // By another ring the offers under way are made anew: what they moved is there by then.
            group.cancelAll()
            round.ledger.giveUp(plan.givenUp)
            return round
        }
    }

    private func said(_ progress: HandoffProgress) async -> Event {
        _ = await report(progress)
        return .reported
    }

    /// Not much later than the plan says, and soon enough to see new limits and rings.
    ///
    /// A rate leaves little room for lateness: what it does not use within 100 ms is gone.
    private static func tick(after step: MovePlan.Step, _ limits: HandoffLimits) async -> Event {
        var pause = limits.bytesPerSecond > 0 ? ratePause : Self.pause
        if case .wait(let milliseconds) = step {
            pause = min(pause, .milliseconds(min(milliseconds, 1_000)))
        }
        try? await Task.sleep(for: pause)
        return .tick
    }

    /// What the owner says to its pages; `nil` where it does not answer.
    private func offer(
        _ batch: MoveBatch,
        _ situation: HandoffSituation
    ) async -> [PageOfferVerdict]? {
        guard let target = peers.worker(batch.target) else { return nil }
        let offer = batch.offer(
            epoch: situation.epoch,
            region: peers.router.region,
            giver: peers.me
        )
        do throws(PageClientError) {
            guard case .offered(let verdicts) = try await peers.bulk.ask(.offer(offer), of: target)
            else { return nil }
            return verdicts
        } catch {
            log.info(
                "an offer of pages was not answered",
                metadata: ["worker.name": "\(target.name)", "error": "\(error)"]
            )
            return nil
        }
    }

    /// Lets go of objects that their owners have whole, as far as this worker had them.
    ///
    /// Objects and never pages: a file that somebody has open keeps what it has.
    private func drop(_ batch: MoveBatch, _ round: HandoffRound) async {
        guard round.situation.isDropping, isCurrent(round.situation) else { return }
        let objects = Set(batch.units.map(\.object))
        let acknowledged = objects.map { ($0, round.ledger.acknowledgedPages(of: $0)) }
        try? await blocking.runIfActive { [store] in
            for (object, pages) in acknowledged { store.remove(object, ifAmong: pages) }
        }
    }
}
