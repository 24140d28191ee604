// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import Codecs
import Logging
import NIOPosix
import PageStorage
import PageTransport
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
            var isReporting = false
            var nextReport = ContinuousClock.now + Self.reportInterval
            while true {
                let step =
                    isCurrent(situation)
                    ? plan.step(limits(), running: running, nowMS: nowMS) : .finished
                switch step {
                case .send(let batch):
                    running += 1
                    group.addTask { .answered(batch, await self.offer(batch, situation)) }
                    continue
                case .finished where running == 0:
                    round.ledger.giveUp(plan.givenUp)
                    group.cancelAll()
                    return round
                case .finished, .wait:
                    if !isTicking {
                        isTicking = true
                        group.addTask { await Self.tick(after: step) }
                    }
                }
                switch await group.next() {
                case .answered(let batch, let verdicts):
                    running -= 1
                    let outcome = round.note(verdicts, on: batch)
                    plan.settle(batch, outcome, nowMS: nowMS)
                    if outcome == .taken { await drop(batch, round) }
                case .reported: isReporting = false
                case .tick, nil: isTicking = false
                }
                if !isReporting, .now >= nextReport {
                    isReporting = true
                    nextReport = .now + Self.reportInterval
                    let progress = round.progress
                    group.addTask {
                        _ = await self.report(progress)
                        return .reported
                    }
                }
            }
        }
    }

    /// Not much later than the plan says, and soon enough to see new limits and rings.
    private static func tick(after step: MovePlan.Step) async -> Event {
        var pause = Self.pause
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
