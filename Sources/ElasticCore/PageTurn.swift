// SPDX-License-Identifier: Apache-2.0
package import Codecs
package import Primitives

/// What a worker that does not hold a page does about it, by its own ring.
///
/// | the asked worker | does |
/// | --- | --- |
/// | is the first owner | fills |
/// | is not, and the reader's epoch is older | hands the read on to the first owner |
/// | is not, and the reader knew | fills: the reader went past the first owner |
package struct PageTurn: Sendable {
    package let me: NodeID
    package let route: PageRoute

    package init(_ route: PageRoute, at me: NodeID) {
        self.me = me
        self.route = route
    }

    /// By what right the page would be filled here.
    package var standing: FillStanding {
        FillStanding(epoch: route.epoch, isFirstOwner: route.filler?.node == me)
    }

    /// The worker that answers in this one's place; `nil`: nobody, it is fetched here.
    ///
    /// Nobody where it is this one's, where the reader knew of that worker and went past it, and where that
    /// one is in doubt.
    package func heir(of request: PageReadRequest, isSuspect: (NodeID) -> Bool) -> WorkerTarget? {
        guard request.mode == .read, request.epoch < route.epoch, let filler = route.filler,
            filler.node != me, !isSuspect(filler.node)
        else { return nil }
        return filler
    }

    /// What the heir is asked: never handed on again.
    package func handedOn(_ request: PageReadRequest) -> PageReadRequest {
        var forwarded = request
        forwarded.mode = .forwarded
        forwarded.epoch = route.epoch
        return forwarded
    }

    /// Whether pages behind the one asked for are fetched ahead.
    ///
    /// Those held by an earlier ring are served; those behind them are another's to fetch, unless the
    /// reader went past that one.
    package func mayReadAhead(for request: PageReadRequest) -> Bool {
        standing.isFirstOwner || request.epoch >= route.epoch
    }

    /// Whether `replicas` workers keep the page and this is one of them.
    package func isHolder(replicas: Int) -> Bool {
        route.owners.prefix(replicas).contains { $0.node == me }
    }

    /// Whether what `giver` offers is a copy: it is the first owner, and keeps the page itself.
    package func isCopy(from giver: NodeID) -> Bool { giver != me && route.filler?.node == giver }

    /// Whether pages are taken that another worker offers by `epoch`.
    ///
    /// By an older ring than this worker's only what is its own by both.
    package func takesOffers(of epoch: RingEpoch, replicas: Int) -> Bool {
        epoch >= route.epoch || isHolder(replicas: replicas)
    }
}

extension PageReadRequest {
    /// The same page asked of another worker that may hold it, to take it over.
    ///
    /// With the epoch of the claim, whatever is known by now: it is what decides who waits for whom.
    package func lookup(_ standing: FillStanding) -> Self {
        var lookup = self
        lookup.mode = .takeOver
        lookup.epoch = standing.epoch
        lookup.readAhead = 0
        return lookup
    }
}
