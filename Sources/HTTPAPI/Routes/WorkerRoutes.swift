// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Coordination
import NIOHTTP1
import Primitives

/// `/v1/workers…` and `/v1/ring`: who belongs to the cluster, and who owns what in a region.
enum WorkerRoutes {
    static let routes = [
        Route(
            "/v1/workers",
            [
                Operation(
                    .GET,
                    "listWorkers",
                    "Workers in bytewise order of their names.",
                    parameters: Shared.list + [Shared.consistency, Shared.minimum],
                    answers: [.json("workers", "A page of workers.")],
                    handler: list
                )
            ]
        ),
        Route(
            "/v1/workers/{name}",
            [
                Operation(
                    .GET,
                    "worker",
                    "One worker.",
                    parameters: [
                        .path("name", "Its name."), Shared.consistency, Shared.minimum,
                    ],
                    answers: [.json("worker", "The worker.")],
                    handler: show
                ),
                LifeRoutes.removal,
            ]
        ),
        Route(
            "/v1/ring",
            [
                Operation(
                    .GET,
                    "ring",
                    "A region's ring at its epoch.",
                    parameters: [Shared.region, Shared.consistency, Shared.minimum],
                    answers: [.json("ring", "The ring.")],
                    handler: ring
                )
            ]
        ),
    ]

    @Sendable private static func list(_ call: Call) async throws(Problem) -> APIResponse {
        let limit = try call.pageLimit()
        let after = call.query.bytes("after")
        let view = try await call.catalogView()
        let status = call.coordination.status()

        let behind = view.catalog.workers.drop { worker in
            after.map { ByteString(worker.name) <= $0 } ?? false
        }
        let page = behind.prefix(limit).map { entry in
            WorkerDocument(entry, catalog: view.catalog, status: status)
        }
        let next = behind.count > limit ? page.last?.name : nil
        return APIResponse.json(Page(items: page, next: next))
            .describing(view, region: call.dependencies.region)
    }

    @Sendable private static func show(_ call: Call) async throws(Problem) -> APIResponse {
        let view = try await call.catalogView()
        let entry = try LifeRoutes.worker(of: call, in: view)
        let document = WorkerDocument(
            entry,
            catalog: view.catalog,
            status: call.coordination.status()
        )
        return APIResponse.json(document).describing(view, region: call.dependencies.region)
    }

    @Sendable private static func ring(_ call: Call) async throws(Problem) -> APIResponse {
        let region = try call.region()
        let view = try await call.catalogView()
        guard let entry = view.catalog.ring(region: region) else {
            throw Problem(noRingIn: region)
        }
        return APIResponse.json(RingDocument(entry)).describing(view, region: region)
    }
}

/// Parameters that several routes take.
enum Shared {
    static let list: [Operation.Parameter] = [
        .query("limit", "Items a page, 1...10000; default 1000.", type: "integer"),
        .query("after", "The member next of the page before."),
    ]

    static let consistency = Operation.Parameter.query(
        "consistency",
        "linearizable (default): complete at the time of the call; local: as this worker has it."
    )

    static let minimum = Operation.Parameter.header(
        "Tarn-Min-Revision",
        "Wait, at most 5 s, until the asked worker has this revision.",
        type: "integer"
    )

    static let idempotencyKey = Operation.Parameter.header(
        "Idempotency-Key",
        "1 to 64 printable ASCII characters: a repetition takes effect once."
    )

    static let region = Operation.Parameter.query(
        "region",
        "Region; default that of the asked worker."
    )
}
