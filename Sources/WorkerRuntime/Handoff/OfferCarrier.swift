// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import Codecs
import ElasticCore
import Logging
import PageTransport
import PlacementCore
import Primitives

/// Offers pages to other workers: as many offers at a time, and as fast, as there may be.
///
/// Readers do not wait behind them: they have connections of their own.
struct OfferCarrier: Sendable {
    private enum Event: Sendable {
        case answered(MoveBatch, OfferAnswer)
        case tick
    }

    /// At most between two looks at whether it is still current.
    static let pause = Duration.milliseconds(200)
    /// At most between two batches that a rate keeps apart.
    static let ratePause = Duration.milliseconds(20)

    let peers: PagePeers
    /// Asked before each batch.
    let limits: @Sendable () -> HandoffLimits
    let log: Logger
    private let start = ContinuousClock.now

    init(peers: PagePeers, limits: @escaping @Sendable () -> HandoffLimits, log: Logger) {
        self.peers = peers
        self.limits = limits
        self.log = log
    }

    /// Milliseconds since this carrier was made.
    private var nowMS: UInt64 { UInt64((ContinuousClock.now - start) / .milliseconds(1)) }

    /// Offers pages until all were offered, or none of it counts any more.
    ///
    /// - Parameters:
    ///   - units: With the worker that is offered them.
    ///   - epoch: By which they are its own.
    ///   - isCurrent: Whether to go on; offers under way are left alone otherwise, and made anew by whoever
    ///     comes next: what they moved is there by then.
    ///   - answered: Takes the answer to a batch.
    /// - Returns: Workers that take nothing.
    func carry(
        _ units: [(unit: HeldUnit, target: NodeID)],
        by epoch: RingEpoch,
        while isCurrent: () -> Bool,
        answered: (MoveBatch, OfferAnswer) async -> HandoffLedger.Outcome
    ) async -> [NodeID] {
        await withTaskGroup(of: Event.self) { group in
            var plan = MovePlan(units, nowMS: nowMS)
            var running = 0
            var isTicking = false
            while isCurrent() {
                let limits = limits()
                let step = plan.step(limits, running: running, nowMS: nowMS)
                if case .send(let batch) = step {
                    running += 1
                    group.addTask { .answered(batch, await self.offer(batch, epoch)) }
                    continue
                }
                if step == .finished, running == 0 { break }
                if !isTicking {
                    isTicking = true
                    group.addTask { await Self.tick(after: step, limits) }
                }
                switch await group.next() {
                case .answered(let batch, let answer):
                    running -= 1
                    plan.giveBack(batch.restingByteCount(answer))
                    let outcome = await answered(batch, answer)
                    plan.settle(batch, outcome, nowMS: nowMS)
                case .tick, nil: isTicking = false
                }
            }
            group.cancelAll()
            return plan.givenUp
        }
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

    private func offer(_ batch: MoveBatch, _ epoch: RingEpoch) async -> OfferAnswer {
        guard let target = peers.worker(batch.target) else { return .silence }
        let offer = batch.offer(epoch: epoch, region: peers.router.region, giver: peers.me)
        do throws(PageClientError) {
            guard case .offered(let verdicts) = try await peers.bulk.ask(.offer(offer), of: target)
            else { return .silence }
            return .verdicts(verdicts)
        } catch .failed(.overloaded), .overloaded {
            return .busy
        } catch {
            log.info(
                "an offer of pages was not answered",
                metadata: ["worker.name": "\(target.name)", "error": "\(error)"]
            )
            return .silence
        }
    }
}
