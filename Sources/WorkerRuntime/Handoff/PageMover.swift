// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import ClientRuntime
import Codecs
package import ElasticCore
package import Logging
package import NIOPosix
package import PageStorage
import PageTransport
import PlacementCore
package import Primitives

/// Carries a worker's pages to those that own them by the newest ring.
///
/// ```
///   ring or own state changed, or just started
///        │
///        ▼
///   scan ──▶ plan ──▶ offer, offer, … ──▶ acknowledged: drop ──┐
///        ▲   (hottest first; rate, streams)                    │
///        └──────── until a scan finds nothing more ◀───────────┘──▶ report: done by this ring
/// ```
///
/// Keeps nothing on disk: after a restart it scans and offers again, and what its owners have by then
/// costs a few bytes. A change amid ends the round; the next one goes by the newest ring.
package final class PageMover: Sendable {
    /// Between two looks at the catalog.
    static let pause = Duration.milliseconds(200)
    /// Between two reports while pages move.
    static let reportInterval = Duration.seconds(2)
    /// Between two scans while the last one's offers came to nothing.
    static let scanPause = Duration.seconds(1)

    let store: PageStore
    let peers: PagePeers
    let blocking: NIOThreadPool
    let isFilling: @Sendable (RingEpoch) -> Bool
    let carrier: OfferCarrier
    let report: @Sendable (HandoffProgress) async -> Bool
    let log: Logger

    /// Moves nothing yet.
    ///
    /// - Parameters:
    ///   - store: Whose pages move.
    ///   - peers: Who owns them, and the way there.
    ///   - blocking: Runs the store's calls.
    ///   - isFilling: Whether pages are on their way here that were claimed by an earlier ring: they may be
    ///     another's when they come.
    ///   - limits: Asked before each batch.
    ///   - report: Told about every two seconds, and when nothing more can move; `false`: not taken
    ///     note of, so the last word is said again.
    ///   - log: A line when a round begins, and when it ends.
    package init(
        store: PageStore,
        peers: PagePeers,
        blocking: NIOThreadPool,
        isFilling: @escaping @Sendable (RingEpoch) -> Bool,
        limits: @escaping @Sendable () -> HandoffLimits,
        report: @escaping @Sendable (HandoffProgress) async -> Bool,
        log: Logger
    ) {
        self.store = store
        self.peers = peers
        self.blocking = blocking
        self.isFilling = isFilling
        carrier = OfferCarrier(peers: peers, limits: limits, log: log)
        self.report = report
        self.log = log
    }

    var situation: HandoffSituation? {
        HandoffSituation(peers.router.catalog, region: peers.router.region, me: peers.me)
    }

    /// Moves pages whenever the ring asks for it, until cancelled.
    package func run() async {
        var settled: HandoffSituation?
        while !Task.isCancelled {
            if let situation, situation.isGiving, isDue(situation, after: settled) {
                if await move(by: situation) { settled = situation }
            }
            try? await Task.sleep(for: Self.pause)
        }
    }

    private func isDue(_ situation: HandoffSituation, after settled: HandoffSituation?) -> Bool {
        situation != settled || situation.isAwaited(in: peers.router.catalog)
    }

    /// Moves what belongs elsewhere by one ring.
    ///
    /// - Returns: Whether that is over, and was reported; `false` where the ring changed meanwhile.
    private func move(by situation: HandoffSituation) async -> Bool {
        var round = HandoffRound(situation)
        while isCurrent(situation) {
            let isFilling = isFilling(situation.epoch)  // What has come by now, the scan finds.
            let scan = await scan(situation, round.ledger)
            round.found(scan)
            guard !scan.units.isEmpty else {
                guard isFilling else { break }
                while isCurrent(situation), self.isFilling(situation.epoch) {
                    try? await Task.sleep(for: Self.pause)
                }
                continue
            }
            if round.isFirst {
                log.notice("pages move", metadata: Self.facts(round.progress))
                round.isFirst = false
            }
            let movedBefore = round.ledger.acknowledgedCount
            round = await carry(scan, round)
            if round.ledger.acknowledgedCount == movedBefore {
                try? await Task.sleep(for: Self.scanPause)
            }
        }
        var last = round.progress
        last.isDone = true
        while isCurrent(situation) {
            if await report(last) {
                if !round.isFirst { log.notice("pages have moved", metadata: Self.facts(last)) }
                return true
            }
            try? await Task.sleep(for: Self.scanPause)
        }
        return false
    }

    func isCurrent(_ situation: HandoffSituation) -> Bool {
        !Task.isCancelled && self.situation == situation
    }

    private func scan(
        _ situation: HandoffSituation,
        _ ledger: HandoffLedger
    ) async -> HandoffScan {
        let placement = HandoffPlacement(
            situation,
            peers.router.catalog,
            region: peers.router.region
        )
        var scan = HandoffScan()
        var place: InventoryPlace? = .start
        while let here = place, isCurrent(situation) {
            let (units, next) = store.inventory(from: here, limit: HandoffScan.step)
            for unit in units { scan.add(unit, by: placement, ledger) }
            place = next
            await Task.yield()
        }
        scan.finish()
        return scan
    }

    private static func facts(_ progress: HandoffProgress) -> Logger.Metadata {
        [
            "ring.epoch": "\(progress.epoch)",
            "pages.remaining": "\(progress.remainingPages)",
            "pages.moved": "\(progress.movedPages)",
            "pages.refused": "\(progress.refusedPages)",
            "bytes.moved": "\(progress.movedBytes)",
        ]
    }
}
