// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import PlacementCore
package import Primitives

/// One region's rings and the addresses of its workers, as of one revision.
package final class RegionView: Sendable {
    package let revision: Revision
    /// `nil` while it has no members.
    package let ring: Ring?
    /// The members, in the order of their ids.
    package let workers: [WorkerTarget]
    package let members: [RingEntry.Member]

    /// Rings of earlier epochs that are not settled, newest first.
    package let earlier: [Ring]
    /// The newest ring as it would be with the region's suspended workers; `nil` where there are none.
    package let paper: Ring?
    /// Everybody who stands in one of these rings and was not removed.
    private let byNode: [NodeID: WorkerTarget]

    /// Takes rings over from `known` where they are the same: their points are the costly part.
    package init(of region: String, in catalog: Catalog, after known: RegionView?) {
        let entry = catalog.ring(region: region)
        let members = entry?.members ?? []
        let reusable = known.map(\.allRings) ?? []
        func ring(_ epoch: RingEpoch, _ members: [RingEntry.Member]) -> Ring? {
            guard !members.isEmpty else { return nil }
            let placed = members.map(RingMember.init)
            let old = reusable.first { $0.epoch == epoch && $0.members == placed }
            return old ?? Ring(epoch: epoch, members: placed)
        }
        revision = catalog.revision
        self.members = members
        workers = members.compactMap { catalog.worker(id: $0.id).map(WorkerTarget.init) }
        self.ring = entry.flatMap { ring($0.epoch, $0.members) }
        earlier = (entry?.previous ?? []).compactMap { ring($0.epoch, $0.members) }
        let suspended = catalog.workers.filter { worker in
            worker.state == .suspended && ByteString(worker.region) == ByteString(region)
                && !members.contains { $0.id == worker.id }
        }
        if let entry, !suspended.isEmpty {
            let all = members + suspended.map(RingEntry.Member.init)
            paper = ring(entry.epoch, all.sorted { $0.id < $1.id })
        } else {
            paper = nil
        }
        var byNode: [NodeID: WorkerTarget] = [:]
        for ring in [self.ring, paper].compactMap(\.self) + earlier {
            for member in ring.members where byNode[member.id] == nil {
                guard let worker = catalog.worker(id: member.id), worker.state != .removed else {
                    continue
                }
                byNode[member.id] = WorkerTarget(worker)
            }
        }
        self.byNode = byNode
    }

    package func targets(_ nodes: [NodeID]) -> [WorkerTarget] { nodes.compactMap { byNode[$0] } }

    /// Everybody who may hold pages, in the order of their ids.
    package var everybody: [WorkerTarget] { byNode.values.sorted { $0.node < $1.node } }

    /// Who owns a unit, and who else may hold its pages.
    package func route(of hash: UInt64, replicas: Int) -> PageRoute {
        var route = PageRoute()
        guard let ring else { return route }
        let count = replicas + Ring.spareOwnerCount
        let owners = ring.owners(of: hash, count: count)
        var holders = Array(owners.prefix(replicas))
        var spares: [NodeID] = []
        for ring in earlier {
            let owners = ring.owners(of: hash, count: count)
            holders += owners.prefix(replicas)
            spares += owners.dropFirst(replicas)
        }
        if let paper { holders += paper.owners(of: hash, count: replicas) }
        if !earlier.isEmpty { spares += owners.dropFirst(replicas) }
        holders = holders.firstOfEach()
        spares = spares.firstOfEach().filter { !holders.contains($0) }
        route.epoch = ring.epoch
        route.replicas = replicas
        route.owners = targets(owners)
        route.holders = targets(holders)
        route.spares = targets(spares)
        route.hasRemovedHolder = route.holders.count < holders.count
        route.isSettled = earlier.isEmpty
        return route
    }

    private var allRings: [Ring] { [ring, paper].compactMap(\.self) + earlier }
}

extension RingMember {
    /// What placement needs of a member in the catalog.
    package init(_ member: RingEntry.Member) {
        self.init(id: member.id, zone: member.zone, capacity: member.capacity)
    }
}

extension RingEntry.Member {
    fileprivate init(_ worker: WorkerEntry) {
        self.init(id: worker.id, name: worker.name, zone: worker.zone, capacity: worker.capacity)
    }
}

extension Array where Element: Hashable {
    /// Each element once, where it came first; for lists of a handful.
    fileprivate func firstOfEach() -> Self {
        var seen: Self = []
        for element in self where !seen.contains(element) { seen.append(element) }
        return seen
    }
}
