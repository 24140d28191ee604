// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import ClientRuntime
import Codecs
package import Logging
package import NIOPosix
package import PageStorage
import PageTransport
import PlacementCore
import Primitives

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
    /// At most between two batches that a rate keeps apart.
    static let ratePause = Duration.milliseconds(20)
    /// Between two reports while pages move.
    static let reportInterval = Duration.seconds(2)
    /// Between two scans while the last one's offers came to nothing.
    static let scanPause = Duration.seconds(1)

    let store: PageStore
    let peers: PagePeers
    let blocking: NIOThreadPool
    let limits: @Sendable () -> HandoffLimits
    let report: @Sendable (HandoffProgress) async -> Bool
    let log: Logger
    private let start = ContinuousClock.now

    /// Moves nothing yet.
    ///
    /// - Parameters:
    ///   - store: Whose pages move.
    ///   - peers: Who owns them, and the way there.
    ///   - blocking: Runs the store's calls.
    ///   - limits: Asked before each batch.
    ///   - report: Told about every two seconds, and when nothing more can move; `false`: not taken
    ///     note of, so the last word is said again.
    ///   - log: A line when a round begins, and when it ends.
    package init(
        store: PageStore,
        peers: PagePeers,
        blocking: NIOThreadPool,
        limits: @escaping @Sendable () -> HandoffLimits,
        report: @escaping @Sendable (HandoffProgress) async -> Bool,
        log: Logger
    ) {
        self.store = store
        self.peers = peers
        self.blocking = blocking
        self.limits = limits
        self.report = report
        self.log = log
    }

    /// Milliseconds since this mover was made.
    var nowMS: UInt64 { UInt64((ContinuousClock.now - start) / .milliseconds(1)) }

    var situation: HandoffSituation? {
        HandoffSituation(peers.router.catalog, region: peers.router.region, me: peers.me)
    }

    /// Moves pages whenever the ring asks for it, until cancelled.
    package func run() async {
        var settled: HandoffSituation?
        while !Task.isCancelled {
            if let situation, situation != settled, situation.isGiving {
                if await move(by: situation) { settled = situation }
            }
            try? await Task.sleep(for: Self.pause)
        }
    }

    /// Moves what belongs elsewhere by one ring.
    ///
    /// - Returns: Whether that is over, and was reported; `false` where the ring changed meanwhile.
    private func move(by situation: HandoffSituation) async -> Bool {
        var round = HandoffRound(situation)
        while isCurrent(situation) {
            let scan = await scan(situation, round.ledger)
            round.found(scan)
            guard !scan.units.isEmpty else { break }
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
            for unit in units {
                guard let target = placement.target(of: unit) else { continue }
                scan.add(unit, for: target, ledger)
            }
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

/// What one ring's move has come to.
struct HandoffRound: Sendable {
    let situation: HandoffSituation
    var ledger: HandoffLedger
    private(set) var progress: HandoffProgress
    var isFirst = true

    init(_ situation: HandoffSituation) {
        self.situation = situation
        ledger = HandoffLedger(epoch: situation.epoch)
        progress = HandoffProgress(epoch: situation.epoch)
    }

    mutating func found(_ scan: HandoffScan) {
        progress.remainingPages = scan.openPages
        progress.remainingBytes = scan.openBytes
        progress.refusedPages = scan.refusedPages
        progress.refusedBytes = scan.refusedBytes
        progress.movedPages = ledger.movedPages
        progress.movedBytes = ledger.movedBytes
    }

    mutating func note(
        _ verdicts: [PageOfferVerdict]?,
        on batch: MoveBatch
    ) -> HandoffLedger.Outcome {
        let before = (ledger.acknowledgedCount, ledger.acknowledgedBytes)
        let outcome = ledger.note(verdicts, on: batch)
        progress.remainingPages -= min(
            progress.remainingPages,
            ledger.acknowledgedCount - before.0
        )
        progress.remainingBytes -= min(
            progress.remainingBytes,
            ledger.acknowledgedBytes - before.1
        )
        progress.movedPages = ledger.movedPages
        progress.movedBytes = ledger.movedBytes
        return outcome
    }
}
