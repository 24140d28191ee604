// SPDX-License-Identifier: Apache-2.0

import Primitives

typealias KeyedChange = (key: ByteString, value: CatalogValue?)

// MARK: - What happens to a ring

extension Catalog {
    /// Carries out one change of a region's ring; one that is out of date changes nothing.
    mutating func changeRing(_ change: RingChange) throws(CatalogRefusal) -> Application {
        guard NameSyntax.isValid(change.region) else {
            throw .badValue("region '\(change.region.prefix(200))'")
        }
        let changed: [KeyedChange]
        let before = revision
        revision = revision.next
        switch change {
        case .publish(let region): changed = publishRing(of: region)
        case .settle(let region, let epoch): changed = settleRing(of: region, epoch)
        case .hold(let region, let nodes): changed = holdRing(of: region, for: nodes)
        case .force(let region): changed = forceRing(of: region)
        }
        if changed.isEmpty { revision = before }
        guard let ring = ring(region: change.region) else { throw .badValue("no such ring") }
        return Application(.ring(ring), changes: changed.isEmpty ? [] : changes(changed))
    }

    /// The active workers of a region, as its next ring would have them.
    package func ringMembers(of region: String) -> [RingEntry.Member] {
        workers.filter { isSame($0.region, region) && $0.state == .active }
            .map(\.ringMember).sorted { $0.id < $1.id }
    }

    private mutating func publishRing(of region: String) -> [KeyedChange] {
        let members = ringMembers(of: region)
        guard let old = ring(region: region) else {
            return members.isEmpty ? [] : keep(firstRing(of: region))
        }
        guard old.members != members, old.heldFor.isEmpty else { return [] }
        return keep(old.followed(by: members, at: revision)) + beginMoving(in: region)
    }

    private mutating func settleRing(of region: String, _ epoch: RingEpoch) -> [KeyedChange] {
        guard let old = ring(region: region), old.epoch == epoch, !old.previous.isEmpty else {
            return []
        }
        return keep(old.with(previous: [], at: revision)) + endMoving(in: region)
    }

    private mutating func holdRing(of region: String, for nodes: [NodeID]) -> [KeyedChange] {
        guard let old = ring(region: region) else { return [] }
        let members = old.members.map(\.id)
        let held = nodes.filter { members.contains($0) }.sorted().removingRepetitions()
        guard held != old.heldFor else { return [] }
        return keep(old.with(heldFor: held, at: revision))
    }

    /// Suspends whoever the ring is held for, and goes on without them.
    private mutating func forceRing(of region: String) -> [KeyedChange] {
        guard let old = ring(region: region), !old.heldFor.isEmpty else { return [] }
        var changed: [KeyedChange] = []
        for node in old.heldFor {
            guard let worker = worker(id: node), worker.state == .active else { continue }
            changed += keep(worker, as: .suspended)
        }
        let released = keep(old.with(heldFor: [], at: revision))
        let published = publishRing(of: region)
        return changed + (published.isEmpty ? released : published)
    }

    /// Stores a ring, and says so.
    mutating func keep(_ ring: RingEntry) -> [KeyedChange] {
        store(ring)
        return [(CatalogKey.ring(ring.region), .ring(ring))]
    }

    /// A worker that is taken out of the catalog is on no ring from the same revision on.
    mutating func leaveRing(_ gone: WorkerEntry) -> [KeyedChange] {
        let last = handoffReports[gone.id]
        removeReport(of: gone.id)
        guard let old = ring(region: gone.region) else { return [] }
        guard old.members.contains(where: { $0.id == gone.id }) else {
            guard let last, last.epoch == old.epoch else { return [] }
            return forget(last, in: gone.region)
        }
        let members = old.members.filter { $0.id != gone.id }
        let ring = old.followed(by: members, at: revision)
        let held = ring.heldFor.filter { $0 != gone.id }
        return keep(ring.with(heldFor: held, at: revision)) + beginMoving(in: gone.region)
    }
}

// MARK: - First rings

extension Catalog {
    func firstRing(of region: String) -> RingEntry {
        RingEntry(
            region: region,
            epoch: RingEpoch(1),
            members: ringMembers(of: region),
            previous: [],
            modRevision: revision
        )
    }

    /// Gives every ring its region's active workers and an epoch that is `leap` later, and a region that
    /// has none its first ring.
    mutating func refreshRings(leap: UInt64) {
        let regions = (workers.map(\.region) + rings.map(\.region)).sorted(by: precedes)
        for region in regions.removingRepetitions() {
            let fresh = firstRing(of: region)
            guard let old = ring(region: region) else {
                if !fresh.members.isEmpty { store(fresh) }
                continue
            }
            store(
                RingEntry(
                    region: region,
                    epoch: RingEpoch(old.epoch.rawValue + leap),
                    members: fresh.members,
                    previous: old.members == fresh.members ? old.previous : old.predecessors,
                    modRevision: revision
                )
            )
            if let job = restartedMoving(in: region) { store(job) }
        }
    }
}

extension WorkerEntry {
    var ringMember: RingEntry.Member {
        RingEntry.Member(id: id, name: name, zone: zone, capacity: capacity)
    }
}

extension RingEntry {
    /// No earlier ring has pages to hand over any more.
    package var isSettled: Bool { previous.isEmpty }

    /// Whether the next ring would displace this one's members from memory: one change too many is
    /// under way.
    package var isFull: Bool { previous.count >= CatalogLimits.previousRings }

    /// The next epoch's ring.
    ///
    /// Remembers this one, unless it remembers too many already: then this one, the newest of those that
    /// are not settled, is forgotten, because fewest pages have moved by it.
    func followed(by members: [Member], at revision: Revision) -> Self {
        RingEntry(
            region: region,
            epoch: epoch.next,
            members: members,
            previous: predecessors,
            heldFor: heldFor,
            modRevision: revision
        )
    }

    fileprivate func with(previous: [PreviousRing], at revision: Revision) -> Self {
        RingEntry(
            region: region,
            epoch: epoch,
            members: members,
            previous: previous,
            heldFor: heldFor,
            modRevision: revision
        )
    }

    fileprivate func with(heldFor: [NodeID], at revision: Revision) -> Self {
        RingEntry(
            region: region,
            epoch: epoch,
            members: members,
            previous: previous,
            heldFor: heldFor,
            modRevision: revision
        )
    }

    fileprivate var predecessors: [PreviousRing] {
        guard !isFull, !members.isEmpty else { return previous }
        return [PreviousRing(epoch: epoch, members: members)] + previous
    }
}
