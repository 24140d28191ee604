// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
import PlacementCore
package import Primitives

/// What a change of a region's workers would move, and whether it fits.
///
/// An estimate: pages are spread over a worker's part of the ring evenly, what each worker holds is its
/// own last word.
package struct RingForecast: Sendable {
    /// One worker that comes, goes or changes.
    package enum Change: Sendable, Hashable {
        case add(name: String, zone: String, capacity: UInt64)
        case drain(String)
        /// Without giving anything away.
        case remove(String)
        case reweight(String, capacity: UInt64)
    }

    /// What a worker's cache holds.
    package struct Load: Sendable, Hashable {
        package let bytes: UInt64
        package let pages: UInt64

        package init(bytes: UInt64, pages: UInt64) {
            self.bytes = bytes
            self.pages = pages
        }
    }

    package struct Worker: Sendable, Hashable {
        package let node: NodeID
        package let name: String
        package internal(set) var capacity: UInt64
        /// Part of all units that it owns first, in parts of 10,000; `nil`: it is not on the ring.
        package internal(set) var shareBefore: UInt32?
        package internal(set) var shareAfter: UInt32?
        package internal(set) var usedBefore: UInt64
        package internal(set) var usedAfter: UInt64
    }

    /// Why a change cannot be what is wanted.
    package enum Problem: Error, Sendable, Hashable {
        case noSuchWorker(String)
        case nameTaken(String)
        case notOnRing(String)
        case noRing
    }

    package let region: String
    package let epoch: RingEpoch
    /// In the order of ids.
    package private(set) var workers: [Worker] = []
    package private(set) var moved = Load(bytes: 0, pages: 0)
    package private(set) var lost = Load(bytes: 0, pages: 0)
    /// How long it takes the worker that gives most, at the rate that is set; `nil` while paused.
    package private(set) var seconds: UInt64?
    package let bytesPerSecond: UInt64
    /// Members of the ring afterwards.
    package private(set) var heirs: [NodeID] = []
    /// What would not fit.
    package private(set) var refusals: [String] = []
    /// What should be known beforehand.
    package private(set) var warnings: [String] = []

    package init(
        of changes: [Change],
        in region: String,
        _ catalog: Catalog,
        loads: (NodeID) -> Load?,
        bytesPerSecond rate: UInt64? = nil
    ) throws(Problem) {
        let entry = catalog.ring(region: region)
        let current = catalog.ringMembers(of: region)
        guard !current.isEmpty || entry != nil else { throw .noRing }
        self.region = region
        epoch = entry?.epoch ?? .zero
        bytesPerSecond = rate ?? catalog.cluster?.handoff.bytesPerSecond ?? 0

        var roster = Roster(current, nextNode: catalog.workers.map(\.id.rawValue).max() ?? 0)
        for change in changes { try roster.apply(change, catalog) }
        let before = Ring(epoch: epoch, members: current.map(RingMember.init(member:)))
        let after = Ring(epoch: epoch.next, members: roster.members.map(RingMember.init(member:)))
        heirs = roster.members.map(\.id)
        workers = Self.workers(before, after, current, roster.members, loads)
        move(by: RingDifference(from: before, to: after), removed: roster.removed, loads)
        judge(catalog, entry, roster, loads)
    }

    /// The worker that a drain or removal is about, if it is on the ring.
    package func worker(named name: String) -> Worker? { workers.first { $0.name == name } }

    private static func workers(
        _ before: Ring,
        _ after: Ring,
        _ old: [RingEntry.Member],
        _ new: [RingEntry.Member],
        _ loads: (NodeID) -> Load?
    ) -> [Worker] {
        let left = Dictionary(uniqueKeysWithValues: zip(before.members.map(\.id), before.shares))
        let right = Dictionary(uniqueKeysWithValues: zip(after.members.map(\.id), after.shares))
        let stayers = new.map(\.id)
        let all = new + old.filter { !stayers.contains($0.id) }
        return all.sorted { $0.id < $1.id }.map { member in
            let used = loads(member.id)?.bytes ?? 0
            return Worker(
                node: member.id,
                name: member.name,
                capacity: member.capacity,
                shareBefore: left[member.id],
                shareAfter: right[member.id],
                usedBefore: used,
                usedAfter: used
            )
        }
    }

    private mutating func move(
        by difference: RingDifference,
        removed: [NodeID],
        _ loads: (NodeID) -> Load?
    ) {
        var given: [NodeID: UInt64] = [:]
        var (movedPages, lostPages, movedBytes, lostBytes) = (
            UInt64(0), UInt64(0), UInt64(0), UInt64(0)
        )
        for move in difference.moves {
            guard let load = loads(move.from) else { continue }
            let bytes = difference.part(of: load.bytes, in: move)
            let pages = difference.part(of: load.pages, in: move)
            change(move.from) { $0.usedAfter -= min($0.usedAfter, bytes) }
            if removed.contains(move.from) {
                (lostBytes, lostPages) = (lostBytes + bytes, lostPages + pages)
                continue
            }
            (movedBytes, movedPages) = (movedBytes + bytes, movedPages + pages)
            given[move.from, default: 0] += bytes
            change(move.to) { $0.usedAfter += bytes }
        }
        moved = Load(bytes: movedBytes, pages: movedPages)
        lost = Load(bytes: lostBytes, pages: lostPages)
        guard bytesPerSecond > 0 else { return }
        seconds = ((given.values.max() ?? 0) + bytesPerSecond - 1) / bytesPerSecond
    }

    private mutating func change(_ node: NodeID, _ body: (inout Worker) -> Void) {
        guard let index = workers.firstIndex(where: { $0.node == node }) else { return }
        body(&workers[index])
    }

    // MARK: - Verdicts

    private mutating func judge(
        _ catalog: Catalog,
        _ entry: RingEntry?,
        _ roster: Roster,
        _ loads: (NodeID) -> Load?
    ) {
        if roster.members.isEmpty {
            refusals.append("no active worker would be left in '\(region)'")
        }
        for worker in workers where worker.shareAfter != nil {
            // Whoever holds too much already, and gets nothing more, is nobody's fault here.
            guard worker.usedAfter > worker.capacity,
                worker.usedAfter > worker.usedBefore || roster.reweighted.contains(worker.node)
            else { continue }
            refusals.append(
                "\(worker.name) would hold \(ByteCount(worker.usedAfter)) of "
                    + "\(ByteCount(worker.capacity))"
            )
        }
        let wanted = Self.mostReplicas(catalog, region)
        if roster.members.count < min(wanted.replicas, workers.count { $0.shareBefore != nil }) {
            refusals.append(
                "\(wanted.path) keeps \(wanted.replicas) replicas, and \(roster.members.count) "
                    + "workers would be left"
            )
        }
        warn(entry, roster, loads)
    }

    private mutating func warn(
        _ entry: RingEntry?,
        _ roster: Roster,
        _ loads: (NodeID) -> Load?
    ) {
        if let entry, !entry.heldFor.isEmpty {
            warnings.append("the ring is held: nothing changes until it is released")
        }
        if let entry, entry.isFull {
            warnings.append(
                "\(entry.previous.count) earlier changes are not settled yet: this one would wait"
            )
        }
        let total = roster.members.reduce(0) { $0 + Double($1.capacity) }
        for worker in workers {
            guard let share = worker.shareAfter, total > 0 else { continue }
            let fair = Double(worker.capacity) / total * 10_000
            guard Double(share) > fair * 1.25 else { continue }
            warnings.append(
                "\(worker.name) would own \(Self.percent(Double(share))) of the units with "
                    + "\(Self.percent(fair)) of the capacity"
            )
        }
        let unknown = workers.filter { $0.shareBefore != nil && loads($0.node) == nil }
        if !unknown.isEmpty {
            let names = unknown.map(\.name).joined(separator: ", ")
            warnings.append("nobody has heard lately what \(names) holds; counted as nothing")
        }
    }

    private static func percent(_ parts: Double) -> String {
        let tenths = Int((parts / 10).rounded())
        return "\(tenths / 10).\(tenths % 10) %"
    }

    private static func mostReplicas(
        _ catalog: Catalog,
        _ region: String
    ) -> (path: ByteString, replicas: Int) {
        catalog.mounts().reduce(("", 1)) { most, entry in
            Int(entry.mount.replicas) > most.1 ? (entry.path, Int(entry.mount.replicas)) : most
        }
    }
}

/// The members of a ring while changes are applied.
private struct Roster {
    private(set) var members: [RingEntry.Member]
    private(set) var removed: [NodeID] = []
    private(set) var reweighted: [NodeID] = []
    private var nextNode: UInt64

    init(_ members: [RingEntry.Member], nextNode: UInt64) {
        self.members = members
        self.nextNode = nextNode
    }

    mutating func apply(
        _ change: RingForecast.Change,
        _ catalog: Catalog
    ) throws(RingForecast.Problem) {
        switch change {
        case .add(let name, let zone, let capacity):
            guard catalog.worker(named: name).map({ $0.state == .joining }) ?? true,
                !members.contains(where: { $0.name == name })
            else { throw .nameTaken(name) }
            nextNode += 1
            members.append(
                RingEntry.Member(id: NodeID(nextNode), name: name, zone: zone, capacity: capacity)
            )
        case .drain(let name): members.remove(at: try index(of: name, catalog))
        case .remove(let name): removed.append(members.remove(at: try index(of: name, catalog)).id)
        case .reweight(let name, let capacity):
            let index = try index(of: name, catalog)
            let old = members[index]
            reweighted.append(old.id)
            members[index] = RingEntry.Member(
                id: old.id,
                name: old.name,
                zone: old.zone,
                capacity: capacity
            )
        }
    }

    private func index(
        of name: String,
        _ catalog: Catalog
    ) throws(RingForecast.Problem) -> Int {
        if let index = members.firstIndex(where: { $0.name == name }) { return index }
        throw catalog.worker(named: name) == nil ? .noSuchWorker(name) : .notOnRing(name)
    }
}

extension RingMember {
    fileprivate init(member: RingEntry.Member) {
        self.init(id: member.id, zone: member.zone, capacity: member.capacity)
    }
}
