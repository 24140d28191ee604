// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// By what right a worker fills a page: decides who waits for whom where several do.
///
/// ```
///   epoch 8, not the first owner ──waits──▶ epoch 8, the first owner ──waits──▶ epoch 7, …
/// ```
///
/// Two that asked each other and waited would wait for ever; so nobody waits against the arrows, as long
/// as the other asks around itself. On its way from the origin a page waits for nobody.
package struct FillStanding: Hashable, Sendable {
    package let epoch: RingEpoch
    /// By the ring of that epoch.
    package let isFirstOwner: Bool

    package init(epoch: RingEpoch = .zero, isFirstOwner: Bool = false) {
        self.epoch = epoch
        self.isFirstOwner = isFirstOwner
    }

    /// Whether a worker that takes the page over by `other` may wait for a fill with this standing.
    ///
    /// Always where it is being fetched: nobody else is asked for it any more.
    package func mayBeAwaited(under other: RingEpoch, isFetching: Bool) -> Bool {
        isFetching || other > epoch || (other == epoch && isFirstOwner)
    }
}
