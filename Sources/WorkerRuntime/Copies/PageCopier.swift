// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import Codecs
package import ElasticCore
package import Logging
package import NIOPosix
package import PageStorage
import PlacementCore
import Primitives

/// Has each page of which this worker is the first owner kept by as many workers as its mounts ask for, and
/// what is read very much by more; gives back what was copied here and is wanted no more.
///
/// ```
///   pages that came ─────────────┐
///   units that are hot ──────────┼──▶ CopyPlacement ──▶ offers ──▶ the other owners
///   a walk through the store ────┘                  └─▶ the first owner, then dropped
///     (ring or replicas changed, start, hourly)
/// ```
/// Copies are offered like pages that move, and take what a full cache has to give like pages that are read.
/// Nothing is written down: what the others have by then costs a few bytes to find out.
package final class PageCopier: Sendable {
    /// Between two looks at what there is to do.
    static let pause = Duration.milliseconds(200)
    /// Objects looked at before others get their turn.
    static let step = 1_024
    /// Offers under way at the same time.
    static let streams = 2

    typealias Situation = CopySchedule.Situation

    let store: PageStore
    let peers: PagePeers
    let books: CopyBooks
    let blocking: NIOThreadPool
    let carrier: OfferCarrier
    let log: Logger
    private let start = ContinuousClock.now

    /// Copies nothing yet.
    ///
    /// - Parameters:
    ///   - store: Whose pages are copied.
    ///   - peers: Who else keeps them, and the way there.
    ///   - pages: Tells which came, and which are read.
    ///   - blocking: Runs the store's calls.
    ///   - limits: Asked before each offer.
    ///   - log: A line for each walk that copied something.
    package init(
        store: PageStore,
        peers: PagePeers,
        pages: PageService,
        blocking: NIOThreadPool,
        limits: @escaping @Sendable () -> HandoffLimits,
        log: Logger
    ) {
        self.store = store
        self.peers = peers
        books = pages.copies
        self.blocking = blocking
        self.log = log
        carrier = OfferCarrier(
            peers: peers,
            limits: {
                var limits = limits()
                limits.streams = Self.streams
                return limits
            },
            log: log
        )
    }

    /// Copies whatever has to be, until cancelled.
    package func run() async {
        var schedule = CopySchedule()
        while !Task.isCancelled {
            let view = peers.router.view
            let situation = Situation(view, peers.replicas)
            let placement = CopyPlacement(view, situation.replicas, me: peers.me)
            var outcome = await copyFresh(by: placement, situation)
            outcome.formUnion(await copyHot(by: placement, situation))
            if outcome.contains(.missedPages) { schedule.missedPages(nowMS: nowMS) }
            if schedule.begins(situation, nowMS: nowMS) {
                outcome = outcome.subtracting(.missedPages)
                outcome.formUnion(await walk(by: placement, situation))
                // Also what came amid it, where it had been already.
                if outcome.contains(.missedPages) { schedule.missedPages(nowMS: nowMS) }
            }
            if outcome.contains(.fruitless) { schedule.cameToNothing(nowMS: nowMS) }
            try? await Task.sleep(for: Self.pause)
        }
    }

    private var nowMS: UInt64 { UInt64((ContinuousClock.now - start) / .milliseconds(1)) }

    func isCurrent(_ situation: Situation) -> Bool {
        !Task.isCancelled && peers.router.epoch == situation.epoch
    }

    /// Copies what came since the last time.
    func copyFresh(by placement: CopyPlacement, _ situation: Situation) async -> CopyOutcome {
        let (fresh, hasOverflowed) = books.takeFresh()
        guard !situation.replicas.areAllOne || books.hasHotUnits else { return [] }
        let units = fresh.flatMap { unit in
            copies(of: unit, by: placement, extra: books.extra(of: unit.name))
        }
        let outcome = await carry(units, by: situation)
        return hasOverflowed ? outcome.union(.missedPages) : outcome
    }

    /// To whom a unit is to be copied.
    func copies(
        of unit: HeldUnit,
        by placement: CopyPlacement,
        extra: Int = 0
    ) -> [(unit: HeldUnit, target: NodeID)] {
        guard case .copy(let targets) = placement.duty(about: unit.name, extra: extra) else {
            return []
        }
        return targets.map { (unit, $0) }
    }

    /// Offers copies; what is refused, nobody has to have.
    func carry(
        _ units: [(unit: HeldUnit, target: NodeID)],
        by situation: Situation
    ) async -> CopyOutcome {
        guard !units.isEmpty else { return [] }
        var outcome: CopyOutcome = []
        let givenUp = await carrier.carry(
            units,
            by: situation.epoch,
            while: { self.isCurrent(situation) },
            answered: { batch, answer in
                var ledger = HandoffLedger(epoch: situation.epoch)
                let result = ledger.note(answer, on: batch)
                if ledger.acknowledgedCount > 0 { outcome.insert(.copied) }
                if ledger.acknowledgedCount < batch.pageCount { outcome.insert(.fruitless) }
                return result
            }
        )
        return givenUp.isEmpty ? outcome : outcome.union(.fruitless)
    }
}

/// What came of some offers.
struct CopyOutcome: OptionSet, Sendable {
    let rawValue: UInt8

    /// Somebody has a page now, or had it.
    static let copied = Self(rawValue: 1)
    /// Somebody has not what it should have.
    static let fruitless = Self(rawValue: 2)
    /// There are pages that only a walk finds.
    static let missedPages = Self(rawValue: 4)
}
