// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Coordination
import NIOHTTP1
import Primitives

/// `/v1/ring/plan`, `/v1/ring/force`, `/v1/cluster/rebalance`: what moves between workers, and how.
enum RingRoutes {
    static let routes = [
        Route(
            "/v1/ring/plan",
            [
                Operation(
                    .POST,
                    "planRing",
                    "What changes of a region's workers would move, and whether it fits; nothing is "
                        + "done.",
                    parameters: [Shared.region, Shared.consistency, Shared.minimum],
                    requestSchema: "ringPlanRequest",
                    answers: [.json("ringPlan", "The plan.")],
                    handler: plan
                )
            ]
        ),
        Route(
            "/v1/ring/force",
            [
                Operation(
                    .POST,
                    "forceRing",
                    "Has a ring that is held go on without those for whom it is held.",
                    parameters: [Shared.region, Shared.idempotencyKey, Shared.minimum],
                    answers: [.json("ring", "The ring.")],
                    handler: force
                )
            ]
        ),
        Route(
            "/v1/cluster/rebalance",
            [
                Operation(
                    .GET,
                    "rebalance",
                    "How far pages are on their way between workers.",
                    parameters: [Shared.consistency, Shared.minimum],
                    answers: [.json("rebalance", "What is under way.")],
                    handler: status
                ),
                Operation(
                    .POST,
                    "setRebalance",
                    "Pauses or resumes the movement of pages, or sets its rate.",
                    parameters: [Shared.idempotencyKey, Shared.minimum],
                    requestSchema: "rebalanceRequest",
                    answers: [.json("rebalance", "What is under way.")],
                    handler: change
                ),
            ]
        ),
    ]

    @Sendable private static func plan(_ call: Call) async throws(Problem) -> APIResponse {
        let body = try call.request.document(
            RingPlanRequest.self,
            members: Schema.named("ringPlanRequest").memberNames
        )
        guard (1...1_000).contains(body.changes.count) else {
            throw Problem(.badValue, "changes: \(body.changes.count) given; 1 to 1000 are allowed")
        }
        let region = try call.region()
        var changes: [RingForecast.Change] = []
        for change in body.changes { changes.append(try RingForecasts.change(change)) }
        let view = try await call.catalogView()
        let forecast = try RingForecasts.forecast(changes, in: region, view.catalog, call)
        return APIResponse.json(RingPlanDocument(forecast)).describing(view, region: region)
    }

    @Sendable private static func force(_ call: Call) async throws(Problem) -> APIResponse {
        let region = try call.region()
        guard try await call.completeView().catalog.ring(region: region) != nil else {
            throw Problem(noRingIn: region)
        }
        let outcome = try await submit(.ring(.force(region: region)), call)
        guard case .ring(let ring) = outcome else { throw Problem.otherOutcome(outcome) }
        return APIResponse.json(RingDocument(ring))
            .describing(call.coordination.view(), region: region)
    }

    @Sendable private static func status(_ call: Call) async throws(Problem) -> APIResponse {
        let view = try await call.catalogView()
        return APIResponse.json(RebalanceDocument(view.catalog))
            .describing(view, region: call.dependencies.region)
    }

    @Sendable private static func change(_ call: Call) async throws(Problem) -> APIResponse {
        let body = try call.request.document(
            RebalanceRequest.self,
            members: Schema.named("rebalanceRequest").memberNames
        )
        guard body.paused != nil || body.rate != nil else {
            throw Problem(.badValue, "nothing to change: give paused or rate")
        }
        let least = HandoffSettings.leastBytesPerSecond
        if let rate = body.rate, rate < least || rate >= 1 << 62 {
            throw Problem(.badValue, "rate: \(rate) B/s given; at least 1 MiB/s")
        }
        let change = HandoffSettings.Change(bytesPerSecond: body.rate, isPaused: body.paused)
        _ = try await submit(.handoff(.settings(change)), call)
        let view = call.coordination.view()
        return APIResponse.json(RebalanceDocument(view.catalog))
            .describing(view, region: call.dependencies.region)
    }

    private static func submit(
        _ operation: CatalogCommand.Operation,
        _ call: Call
    ) async throws(Problem) -> CatalogOutcome {
        let outcome = try await call.submit(operation, try call.idempotency())
        guard case .refused(let refusal) = outcome else { return outcome }
        throw Problem(refusal, path: "")
    }
}

/// Forecasts by what this worker knows of the others' caches.
enum RingForecasts {
    static func forecast(
        _ changes: [RingForecast.Change],
        in region: String,
        _ catalog: Catalog,
        _ call: Call,
        rate: UInt64? = nil
    ) throws(Problem) -> RingForecast {
        let known = call.coordination.status().workers
        do throws(RingForecast.Problem) {
            return try RingForecast(
                of: changes,
                in: region,
                catalog,
                loads: { node in
                    guard let name = catalog.worker(id: node)?.name,
                        let health = known.first(where: { $0.name == name }),
                        let bytes = health.usedBytes, let pages = health.pages
                    else { return nil }
                    return RingForecast.Load(bytes: bytes, pages: pages)
                },
                bytesPerSecond: rate
            )
        } catch {
            throw Problem(error, region: region)
        }
    }

    static func change(
        _ change: RingPlanRequest.Change
    ) throws(Problem) -> RingForecast.Change {
        guard NameSyntax.isValid(change.name) else {
            throw Problem(.badValue, "name '\(change.name.prefix(200))': \(NameSyntax.rule)")
        }
        switch (change.action, change.capacity) {
        case ("add", let capacity?):
            let zone = change.zone ?? "\u{1}\(change.name)"  // Nobody else's.
            return .add(name: change.name, zone: zone, capacity: capacity)
        case ("drain", nil): return .drain(change.name)
        case ("remove", nil): return .remove(change.name)
        case ("reweight", let capacity?): return .reweight(change.name, capacity: capacity)
        case ("add", nil), ("reweight", nil):
            throw Problem(.badValue, "\(change.action) \(change.name): the capacity is missing")
        case ("drain", _), ("remove", _):
            throw Problem(.badValue, "\(change.action) \(change.name): takes no capacity")
        default:
            throw Problem(
                .badValue,
                "action '\(change.action.prefix(40))'; add, drain, remove and reweight are allowed"
            )
        }
    }
}

extension Problem {
    fileprivate init(_ problem: RingForecast.Problem, region: String) {
        switch problem {
        case .noSuchWorker(let name):
            self.init(.notFound, "there is no worker '\(name)'", next: "tarn worker list")
        case .notOnRing(let name):
            self.init(
                .unsafeRequest,
                "'\(name)' is not on the ring of '\(region)'",
                next: "tarn worker show \(name)"
            )
        case .nameTaken(let name):
            self.init(.badValue, "add: a worker '\(name)' is there already")
        case .noRing:
            self.init(noRingIn: region)
        }
    }
}

extension Problem {
    init(noRingIn region: String) {
        self.init(
            .notFound,
            "the region '\(region.prefix(200))' has no ring: no worker was ever active there",
            next: "tarn worker list"
        )
    }
}
