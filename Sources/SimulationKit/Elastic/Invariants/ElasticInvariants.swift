// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import ElasticCore
import PlacementCore
import Primitives

/// All invariants of an elastic world, in the order in which they are looked at.
struct ElasticInvariants {
    private var ringsAgree = RingsAgree()
    private var readsSucceed = ReadsSucceed()
    private var noNeedlessFetches = NoNeedlessFetches()
    private var dropsAfterArrival = DropsAfterArrival()
    private var removedStayRemoved = RemovedStayRemoved()
    private var fewUnsettledEpochs = FewUnsettledEpochs()
    private var trueVerdicts = TrueVerdicts()
    private(set) var minimalMoves = MinimalMoves()

    /// The first that does not hold, by its name, and what is wrong.
    mutating func violation(in world: ElasticWorld) -> String? {
        for fact in world.facts {
            if let problem = look(&ringsAgree, fact, world) { return problem }
            if let problem = look(&readsSucceed, fact, world) { return problem }
            if let problem = look(&noNeedlessFetches, fact, world) { return problem }
            if let problem = look(&dropsAfterArrival, fact, world) { return problem }
            if let problem = look(&removedStayRemoved, fact, world) { return problem }
            if let problem = look(&fewUnsettledEpochs, fact, world) { return problem }
            if let problem = look(&trueVerdicts, fact, world) { return problem }
            if let problem = look(&minimalMoves, fact, world) { return problem }
        }
        return nil
    }

    private func look<One: ElasticInvariant>(
        _ invariant: inout One,
        _ fact: ElasticFact,
        _ world: ElasticWorld
    ) -> String? {
        invariant.violation(after: fact, in: world).map { "\(One.self): \($0)" }
    }
}

extension ElasticWorld {
    /// Where a page belongs by all that was committed.
    func committedRoute(of name: PageName, in region: String) -> PageRoute {
        let view = RegionView(of: region, in: log.catalog, after: sharedViews[region])
        let object = objects[name.object]
        let replicas = Int(log.catalog.mount(at: object.mount)?.mount.replicas ?? 1)
        return view.route(of: object.key(ofPage: name.page).hash, replicas: replicas)
    }
}
