// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import Primitives

/// What a leader does about workers that fall silent or come back, and about the rings.
///
/// ```
///   silent for a minute ─▶ fence ─┐                       ┌▶ everybody is done ─▶ settle
///   answers again ─▶ resume ──────┤                       │
///   ready, drained, re-weighted ──┴▶ a second of quiet ─▶ publish ─▶ epoch + 1
///   too many silent at once ─▶ hold, until they are back or a person forces it
/// ```
/// A value that is asked again and again. Whatever it says is safe to do twice, and to leave undone: the
/// next leader comes to the same.
package struct RingSteward: Sendable {
    /// Times, in milliseconds.
    package struct Patience: Sendable {
        /// How long a worker may be silent before its region goes on without it.
        package var silenceMS: UInt64 = 60_000
        /// How long nothing more may change before a new epoch begins.
        package var quietMS: UInt64 = 1_000
        /// How long a new epoch waits for that at most.
        package var longestMS: UInt64 = 3_000

        package init() {}
    }

    /// What the leader sees of the workers, each by its node.
    package struct Sight: Sendable {
        package enum Vote: Sendable {
            case none
            /// Somebody else is to get it.
            case moving
            /// Nobody else can have it.
            case kept
        }

        package var isAlive: @Sendable (NodeID) -> Bool
        package var isDead: @Sendable (NodeID) -> Bool
        package var vote: @Sendable (NodeID) -> Vote

        package init(
            isAlive: @escaping @Sendable (NodeID) -> Bool,
            isDead: @escaping @Sendable (NodeID) -> Bool,
            vote: @escaping @Sendable (NodeID) -> Vote
        ) {
            self.isAlive = isAlive
            self.isDead = isDead
            self.vote = vote
        }
    }

    /// A ring that should have other members.
    private struct Wish {
        var members: [RingEntry.Member]
        let firstMS: UInt64
        var lastMS: UInt64
    }

    private let patience: Patience
    /// Since when each worker has been silent, as far as this leader has heard.
    private var silentSinceMS: [NodeID: UInt64] = [:]
    private var wishes: [String: Wish] = [:]

    package init(patience: Patience = Patience()) { self.patience = patience }

    /// What is to be done now, in this order.
    package mutating func next(
        in catalog: Catalog,
        seeing sight: Sight,
        nowMS: UInt64
    ) -> [CatalogCommand.Operation] {
        let workers = catalog.workers
        listen(to: workers, sight, nowMS)
        let regions = (workers.map(\.region) + catalog.rings.map(\.region)).sorted()
        var steps = resumptions(of: workers, sight)
        var last: String?
        for region in regions where region != last {
            last = region
            let here = workers.filter { $0.region == region }
            steps += fences(of: here, catalog.ring(region: region), catalog.elapsedMS, nowMS)
            steps += ends(of: here, catalog, sight)
            steps += publication(of: region, catalog, nowMS)
            steps += settlement(of: region, catalog)
        }
        return steps
    }

    // MARK: - Silence

    private mutating func listen(to workers: [WorkerEntry], _ sight: Sight, _ nowMS: UInt64) {
        var silent: [NodeID: UInt64] = [:]
        for worker in workers where sight.isDead(worker.id) {
            silent[worker.id] = silentSinceMS[worker.id] ?? nowMS
        }
        silentSinceMS = silent
    }

    private func silence(of node: NodeID, _ nowMS: UInt64) -> UInt64 {
        silentSinceMS[node].map { nowMS - min(nowMS, $0) } ?? 0
    }

    private func resumptions(
        of workers: [WorkerEntry],
        _ sight: Sight
    ) -> [CatalogCommand.Operation] {
        workers.filter { $0.isSilent && sight.isAlive($0.id) }.map { .worker(.resume($0.id)) }
    }

    /// Fences who has been silent for too long, or holds the ring if they are too many.
    private func fences(
        of workers: [WorkerEntry],
        _ ring: RingEntry?,
        _ elapsedMS: UInt64,
        _ nowMS: UInt64
    ) -> [CatalogCommand.Operation] {
        let late = workers.filter {
            !$0.isSilent && silence(of: $0.id, nowMS) >= patience.silenceMS
        }
        let active = late.filter { $0.state == .active }
        let others = late.filter { $0.state != .active }
        let steps = others.map { CatalogCommand.Operation.worker(.fence($0.id)) }
        guard let ring else { return steps }

        let silent = workers.filter { $0.state == .active && silentSinceMS[$0.id] != nil }
        if !active.isEmpty || !ring.heldFor.isEmpty {
            let recent = workers.count { worker in
                worker.state == .suspended
                    && elapsedMS - min(elapsedMS, worker.sinceMS) < patience.silenceMS
            }
            let activeCount = workers.count { $0.state == .active }
            if Self.isMass(silent.count, recent: recent, activeCount: activeCount) {
                let nodes = silent.map(\.id).sorted()
                return steps
                    + (nodes == ring.heldFor ? [] : [.ring(.hold(region: ring.region, nodes))])
            }
        }
        if !ring.heldFor.isEmpty { return steps + [.ring(.hold(region: ring.region, []))] }
        return steps + active.map { .worker(.fence($0.id)) }
    }

    /// Whether so many at once are rather a fault of the network, or of whoever looks.
    ///
    /// More than a third of a region's workers, and more than one, within a minute; and always all of them.
    private static func isMass(_ silent: Int, recent: Int, activeCount: Int) -> Bool {
        guard silent > 0 else { return false }
        return silent == activeCount || silent + recent > max(1, (activeCount + recent) / 3)
    }

    // MARK: - Rings

    private func ends(
        of workers: [WorkerEntry],
        _ catalog: Catalog,
        _ sight: Sight
    ) -> [CatalogCommand.Operation] {
        workers.filter { $0.state == .draining }.compactMap { worker in
            guard catalog.report(of: worker.id)?.isDone == true,
                catalog.ring(region: worker.region)?.members
                    .contains(where: { $0.id == worker.id }) == false
            else { return nil }
            return switch sight.vote(worker.id) {
            case .moving: nil
            case .none: .worker(.drained(worker.id, keepsVote: false))
            case .kept: .worker(.drained(worker.id, keepsVote: true))
            }
        }
    }

    private mutating func publication(
        of region: String,
        _ catalog: Catalog,
        _ nowMS: UInt64
    ) -> [CatalogCommand.Operation] {
        let ring = catalog.ring(region: region)
        let wanted = catalog.ringMembers(of: region)
        guard wanted != ring?.members ?? [], ring?.heldFor.isEmpty ?? true else {
            wishes[region] = nil
            return []
        }
        var wish = wishes[region] ?? Wish(members: wanted, firstMS: nowMS, lastMS: nowMS)
        if wish.members != wanted { (wish.members, wish.lastMS) = (wanted, nowMS) }
        wishes[region] = wish

        guard let ring else { return [.ring(.publish(region: region))] }
        // Whoever is gone is asked in vain until the ring says so; and it makes no room for itself.
        let isLoss = ring.members.contains { member in
            catalog.worker(id: member.id)?.state == .suspended
        }
        let isDue =
            nowMS - min(nowMS, wish.lastMS) >= patience.quietMS
            || nowMS - min(nowMS, wish.firstMS) >= patience.longestMS
        guard isLoss || isDue && !ring.isFull else { return [] }
        wishes[region] = nil  // Whoever comes from now on waits for others anew.
        return [.ring(.publish(region: region))]
    }

    private func settlement(
        of region: String,
        _ catalog: Catalog
    ) -> [CatalogCommand.Operation] {
        guard let ring = catalog.ring(region: region), !ring.isSettled,
            catalog.unsettledWorkers(of: region).isEmpty
        else { return [] }
        return [.ring(.settle(region: region, ring.epoch))]
    }
}
