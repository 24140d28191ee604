// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// Where a page belongs, and who else may have it, as of one revision of the catalog.
///
/// ```
///   epoch      e         e−1       e−2    (not settled)     e with the suspended
///   owners   [ A B C ]  [ D A B ]  [ D E A ]                [ F A B ]
///   holders    A         D           ·                        F        with one replica
///   spares       B C         ·         E
/// ```
///
/// Invariants:
/// 1. Nobody is in `holders` or `spares` twice, nor in both.
/// 2. Both are in the order in which they are best asked: newest epoch first.
package struct PageRoute: Sendable, Equatable {
    /// The newest epoch known; zero where the region has no ring.
    package var epoch = RingEpoch.zero
    /// By the newest ring, in the order of preference: `replicas + 2` at most.
    package var owners: [WorkerTarget] = []
    /// How many of the owners keep the page.
    package var replicas = 1
    /// Who holds the page where nothing went wrong.
    ///
    /// The first `replicas` owners by the newest ring, by each earlier one that is not settled, and by
    /// the newest ring as it would be with the suspended workers.
    package var holders: [WorkerTarget] = []
    /// The other owners by earlier epochs, then those by the newest; nobody once the ring is settled.
    ///
    /// They were asked in a holder's place when it did not answer.
    package var spares: [WorkerTarget] = []
    /// Whether a holder cannot be asked any more: it was removed from the cluster.
    package var hasRemovedHolder = false
    /// Whether earlier epochs count still.
    package var isSettled = true

    package init() {}

    /// The worker that fetches the page from its origin, and has it copied.
    package var filler: WorkerTarget? { owners.first }

    /// Whoever keeps the page by the newest ring.
    package var keepers: ArraySlice<WorkerTarget> { owners.prefix(replicas) }
}
