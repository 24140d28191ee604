// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// Which of the workers that keep a page a reader asks first: one on its own host, else one by its own
/// number and the page's unit, so that readers spread and each stays where it was.
package struct ReadSpread: Sendable {
    /// Of this reader: any number that others do not have.
    package let reader: UInt64

    package init(reader: UInt64) { self.reader = reader }

    /// Whom to ask before the first owner.
    ///
    /// - Parameters:
    ///   - route: Where the page belongs.
    ///   - hash: Of the unit's placement.
    ///   - copies: How many of the owners have it, where all is well.
    ///   - isNear: Whether a worker is on the reader's host.
    ///   - isSuspect: Whether a worker is in doubt.
    /// - Returns: One to be asked only for what it has; `nil`: nobody.
    package func preferred(
        _ route: PageRoute,
        hash: UInt64,
        copies: Int,
        isNear: (WorkerTarget) -> Bool,
        isSuspect: (NodeID) -> Bool
    ) -> WorkerTarget? {
        guard copies > 1, route.owners.count > 1 else { return nil }
        let keepers = route.owners.prefix(copies).filter { !isSuspect($0.node) }
        guard !keepers.isEmpty else { return nil }
        var writer = ByteWriter()
        writer.write(reader)
        writer.write(hash)
        let place = Int(XXH64.hash(writer.bytes) % UInt64(keepers.count))
        let chosen = keepers.first(where: isNear) ?? keepers[place]
        return chosen == route.filler ? nil : chosen
    }
}
