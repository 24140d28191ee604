// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import PlacementCore
package import Primitives

/// What a worker has to do with a region's ring, and with its own place in it.
package struct HandoffSituation: Equatable, Sendable {
    package let epoch: RingEpoch
    package let members: [RingEntry.Member]
    package let state: WorkerEntry.State
    package let me: NodeID

    /// `nil` where this worker or its region's ring is not known.
    package init?(_ catalog: Catalog, region: String, me: NodeID) {
        guard let ring = catalog.ring(region: region), let worker = catalog.worker(id: me) else {
            return nil
        }
        epoch = ring.epoch
        members = ring.members
        state = worker.state
        self.me = me
    }

    /// Whether pages leave this worker at all.
    ///
    /// One that is suspended keeps them, to come back warm; one that joins owns nothing yet, and its
    /// pages of an earlier life are its own as soon as it does.
    package var isGiving: Bool {
        switch state {
        case .draining: true
        case .active: members.contains { $0.id == me }
        case .joining, .suspended, .drained, .removed: false
        }
    }

    /// Whether a page goes from here once its owner has it; a worker that drains may be told to stay.
    package var isDropping: Bool { state == .active }
}

/// The pages of a store that are another worker's, hottest first, as far as they are kept in memory.
package struct HandoffScan: Sendable {
    /// Units planned at a time: what is beyond is found by the next scan.
    package static let unitLimit = 1 << 16
    /// Objects looked at before others get their turn.
    package static let step = 4_096

    package private(set) var units: [(unit: HeldUnit, target: NodeID)] = []
    package private(set) var openPages: UInt64 = 0
    package private(set) var openBytes: UInt64 = 0
    package private(set) var refusedPages: UInt64 = 0
    package private(set) var refusedBytes: UInt64 = 0
    private let unitLimit: Int

    package init(unitLimit: Int = Self.unitLimit) { self.unitLimit = unitLimit }

    /// Takes a unit if it is another worker's.
    ///
    /// By a ring without members nobody can take it: it stays here, and counts as refused.
    package mutating func add(
        _ unit: HeldUnit,
        by placement: HandoffPlacement,
        _ ledger: HandoffLedger
    ) {
        guard placement.hasOwners else {
            refusedPages += UInt64(unit.pages.nonzeroBitCount)
            refusedBytes += unit.byteCount
            return
        }
        guard let target = placement.target(of: unit) else { return }
        add(unit, for: target, ledger)
    }

    /// Takes a unit that `target` owns, but for what that one has already.
    package mutating func add(_ unit: HeldUnit, for target: NodeID, _ ledger: HandoffLedger) {
        let (open, refused) = ledger.pending(unit, for: target)
        var part = unit
        if refused != 0 {
            part.pages = refused
            refusedPages += UInt64(refused.nonzeroBitCount)
            refusedBytes += part.byteCount
        }
        guard open != 0 else { return }
        part.pages = open
        openPages += UInt64(open.nonzeroBitCount)
        openBytes += part.byteCount
        units.append((part, target))
        if units.count >= 2 * unitLimit { cut() }
    }

    /// Puts the hottest first and forgets what is too much.
    package mutating func finish() { cut() }

    private mutating func cut() {
        // Equal heat: as found.
        let order = units.indices.sorted { left, right in
            (units[right].unit.heat, left) < (units[left].unit.heat, right)
        }
        units = order.prefix(unitLimit).map { units[$0] }
    }
}

/// Which pages of this worker are whose, by one ring.
package struct HandoffPlacement: Sendable {
    private let ring: Ring
    private let replicas: ReplicaCounts
    private let me: NodeID

    package init(_ situation: HandoffSituation, _ catalog: Catalog, region: String) {
        ring = Ring(epoch: situation.epoch, members: situation.members.map(RingMember.init))
        replicas = ReplicaCounts(catalog, region: region)
        me = situation.me
    }

    /// Whether anybody owns anything.
    var hasOwners: Bool { !ring.members.isEmpty }

    /// The first owner of a unit; `nil` where this worker keeps it.
    package func target(of unit: HeldUnit) -> NodeID? {
        let key = PlacementKey(origin: unit.object.origin, key: unit.object.key, unit: unit.unit)
        let owners = ring.owners(of: key.hash, count: replicas.count(of: unit.object.origin))
        return owners.contains(me) ? nil : owners.first
    }
}
