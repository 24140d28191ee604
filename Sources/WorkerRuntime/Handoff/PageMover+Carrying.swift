// SPDX-License-Identifier: Apache-2.0
import ElasticCore
import NIOPosix
import PageStorage
import PlacementCore
import Primitives
import Synchronization

/// What a round gives away, and how far that is told.
extension PageMover {
    /// How far a round has come, for whoever tells it.
    private final class Standing: Sendable {
        private let progress: Mutex<HandoffProgress>

        init(_ progress: HandoffProgress) { self.progress = Mutex(progress) }

        func take(_ progress: HandoffProgress) { self.progress.withLock { $0 = progress } }

        var latest: HandoffProgress { progress.withLock(\.self) }
    }

    /// Offers what a scan has found, until that is done or the ring has changed.
    func carry(_ scan: HandoffScan, _ round: HandoffRound) async -> HandoffRound {
        let standing = Standing(round.progress)
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.tell(standing) }
            var round = round
            let situation = round.situation
            let givenUp = await carrier.carry(
                scan.units,
                by: situation.epoch,
                while: { self.isCurrent(situation) },
                answered: { batch, answer in
                    let outcome = round.note(answer, on: batch)
                    standing.take(round.progress)
                    if outcome == .taken { await self.drop(batch, round) }
                    return outcome
                }
            )
            round.ledger.giveUp(givenUp)
            group.cancelAll()
            return round
        }
    }

    /// Tells how far it is every two seconds, and waits until that was taken, or not; until cancelled.
    private func tell(_ standing: Standing) async {
        while (try? await Task.sleep(for: Self.reportInterval)) != nil {
            _ = await report(standing.latest)
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
