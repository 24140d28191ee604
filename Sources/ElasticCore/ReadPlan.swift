// SPDX-License-Identifier: Apache-2.0
package import Codecs
package import Primitives

/// Whom a reader asks for a page, in which order.
///
/// ```
///   one of the copies, without fetching ──▶ owners, those in doubt last
///        ──▶ whoever may hold it, without fetching ──▶ the origin itself
///        │ an owner: "it cannot be had"
///        └──▶ owners and whoever may hold it, without fetching ──▶ what was said
/// ```
/// A value without clock and I/O; over as soon as the page has come.
package struct ReadPlan: Sendable {
    package enum Step: Hashable, Sendable {
        case ask(WorkerTarget, PageReadRequest.Mode)
        case origin
        case fail(PageFailure)
    }

    private let route: PageRoute
    /// Asked before the owners.
    private var preferred: WorkerTarget?
    /// Owners still to be asked, the next one first.
    private var owners: ArraySlice<WorkerTarget>
    /// Whoever is asked only for what it has; `nil` while owners are asked.
    private var holders: ArraySlice<WorkerTarget>?
    /// Why the page cannot be had from its origin.
    private var failure: PageFailure?

    /// Nobody was asked yet.
    ///
    /// - Parameters:
    ///   - route: By the newest ring that the reader knows.
    ///   - owners: Those of the route, whoever is in doubt last.
    ///   - preferred: One of them that is asked first, for what it has; see ``ReadSpread``.
    package init(_ route: PageRoute, owners: [WorkerTarget], preferred: WorkerTarget? = nil) {
        self.route = route
        self.preferred = preferred
        self.owners = owners[...]
    }

    /// What to do next, after the last step brought no page.
    package mutating func next(isSuspect: (NodeID) -> Bool) -> Step {
        if let copy = preferred.take(), !isSuspect(copy.node) { return .ask(copy, .readIfPresent) }
        if failure == nil, let owner = owners.popFirst() { return .ask(owner, .read) }
        var rest = holders ?? others[...]
        defer { holders = rest }
        while let holder = rest.popFirst() {
            if !isSuspect(holder.node) { return .ask(holder, .readIfPresent) }
        }
        return failure.map(Step.fail) ?? .origin
    }

    /// Takes note of what an owner said in place of the page.
    package mutating func heard(_ failure: PageFailure) {
        if holders == nil, failure.isFinal { self.failure = failure }
    }

    private var others: [WorkerTarget] {
        let others = (route.holders + route.spares).filter { !route.owners.contains($0) }
        return (failure == nil ? [] : route.owners) + others
    }
}
