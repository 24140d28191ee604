// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import Codecs
import ElasticCore
import Logging
import NIOPosix
import PageStorage
import PlacementCore
import Primitives

/// What is found by looking through the store, and what is read much or no more.
extension PageCopier {
    // MARK: - Walks

    /// Looks at everything this worker holds, a few objects at a time, and does its duty about each.
    func walk(by placement: CopyPlacement, _ situation: Situation) async -> CopyOutcome {
        var outcome: CopyOutcome = []
        var place: InventoryPlace? = .start
        while let here = place, isCurrent(situation) {
            outcome.formUnion(await copyFresh(by: placement, situation))
            let (units, next) = store.inventory(from: here, limit: Self.step)
            outcome.formUnion(
                await carry(units.flatMap { copies(of: $0, by: placement) }, by: situation)
            )
            if situation.isSettled {
                outcome.formUnion(await giveBack(units, by: placement, situation))
            }
            place = next
            await Task.yield()
        }
        if outcome.contains(.copied) {
            log.info("copies were looked after", metadata: ["ring.epoch": "\(situation.epoch)"])
        }
        return outcome
    }

    // MARK: - Heat

    /// Makes the copies that readers need, and gives back those that they need no more.
    func copyHot(by placement: CopyPlacement, _ situation: Situation) async -> CopyOutcome {
        let (wanted, cooled) = books.judge(by: placement)
        var outcome: CopyOutcome = []
        for (unit, extra) in wanted {
            guard let held = held(unit) else { continue }
            let units = copies(of: held, by: placement, extra: extra)
            let made = await carry(units, by: situation)
            if made == .copied { books.made(extra, of: unit) }
            outcome.formUnion(made.subtracting(.fruitless))  // The next window asks again.
        }
        outcome.formUnion(await giveBack(cooled.compactMap(held), by: placement, situation))
        return outcome
    }

    /// What this worker has of a unit; `nil`: nothing.
    private func held(_ unit: UnitName) -> HeldUnit? {
        let pages = store.pages(of: unit.object).reduce(UInt64(0)) { pages, page in
            PageGeometry.unit(ofPage: page) == unit.unit
                ? pages | 1 << UInt64(page % PageGeometry.pagesPerUnit) : pages
        }
        return pages == 0 ? nil : unit.held(pages)
    }

    // MARK: - Giving back

    /// Lets go of objects that their first owners have, as far as they are nothing to be kept here.
    private func giveBack(
        _ units: [HeldUnit],
        by placement: CopyPlacement,
        _ situation: Situation
    ) async -> CopyOutcome {
        let spare = units.compactMap { unit -> (unit: HeldUnit, target: NodeID)? in
            guard !books.isGuest(unit.name),
                case .giveBack(let owner) = placement.duty(about: unit.name)
            else { return nil }
            return (unit, owner)
        }
        guard !spare.isEmpty else { return [] }
        var ledger = HandoffLedger(epoch: situation.epoch)
        _ = await carrier.carry(
            spare,
            by: situation.epoch,
            while: { self.isCurrent(situation) },
            answered: { batch, answer in
                let outcome = ledger.note(answer, on: batch)
                if outcome == .taken, self.isCurrent(situation) {
                    await self.drop(batch, ledger)
                }
                return outcome
            }
        )
        return []
    }

    /// Objects and never pages: a file that somebody has open keeps what it has.
    private func drop(_ batch: MoveBatch, _ ledger: HandoffLedger) async {
        let objects = Set(batch.units.map(\.object))
        let acknowledged = objects.map { ($0, ledger.acknowledgedPages(of: $0)) }
        try? await blocking.runIfActive { [store] in
            for (object, pages) in acknowledged { store.remove(object, ifAmong: pages) }
        }
    }
}
