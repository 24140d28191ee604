// SPDX-License-Identifier: Apache-2.0
import PlacementCore
package import Primitives

/// What a worker has to do so that each page is kept by as many workers as its mounts ask for.
///
/// ```
///   replicas 2, hot: one more        owners  [ A  B  C  D ]
///   A  first owner                   copies to B, and to C while it is hot
///   B  keeps its copy
///   C  a guest's keeper              gives it back when it has cooled
///   D  not its business              gives it back
/// ```
/// While earlier epochs are not settled what belongs elsewhere moves by ``HandoffPlacement`` alone.
package struct CopyPlacement: Sendable {
    package enum Duty: Hashable, Sendable {
        case nothing
        /// In the order of preference; never this worker.
        case copy(to: [NodeID])
        /// The first owner has to have it before it goes from here.
        case giveBack(to: NodeID)
    }

    private let ring: Ring?
    private let isMember: Bool
    private let isSettled: Bool
    private let replicas: ReplicaCounts
    private let me: NodeID

    /// - Parameters:
    ///   - view: The region by the newest ring known.
    ///   - replicas: By the same catalog.
    ///   - me: Whose duty it is.
    package init(_ view: RegionView, _ replicas: ReplicaCounts, me: NodeID) {
        ring = view.ring
        isMember = view.ring?.members.contains { $0.id == me } == true
        isSettled = view.earlier.isEmpty
        self.replicas = replicas
        self.me = me
    }

    /// What is to be done about a unit that is held here.
    ///
    /// - Parameters:
    ///   - unit: Held by this worker.
    ///   - extra: Copies beyond what the mounts ask for; 0…``Ring/spareOwnerCount``.
    /// - Returns: By the newest ring known.
    package func duty(about unit: UnitName, extra: Int = 0) -> Duty {
        guard let ring, isMember else { return .nothing }
        let count = replicas.count(of: unit.object.origin) + extra
        let owners = ring.owners(of: unit.placement.hash, count: count)
        guard let first = owners.first else { return .nothing }
        if first == me { return owners.count > 1 ? .copy(to: Array(owners.dropFirst())) : .nothing }
        return owners.contains(me) || !isSettled ? .nothing : .giveBack(to: first)
    }

    /// How many workers keep a unit without any heat, and how many more could.
    package func room(for unit: UnitName) -> (copies: Int, spare: Int) {
        let wanted = replicas.count(of: unit.object.origin)
        let members = ring?.members.count ?? 0
        let copies = min(wanted, members)
        return (copies, min(Ring.spareOwnerCount, members - copies))
    }

    /// Whether this worker is the one that has a unit copied.
    package func isFirstOwner(of unit: UnitName) -> Bool {
        ring?.owners(of: unit.placement.hash, count: 1).first == me
    }
}
