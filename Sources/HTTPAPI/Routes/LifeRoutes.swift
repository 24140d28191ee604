// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Coordination
import NIOHTTP1
import Primitives

/// `/v1/workers/NAME/drain`, `…/undrain` and `DELETE /v1/workers/NAME`: workers that leave.
enum LifeRoutes {
    static let routes = [
        Route(
            "/v1/workers/{name}/drain",
            [
                Operation(
                    .POST,
                    "drainWorker",
                    "Has a worker give its pages away; a drain that is under way is answered with its "
                        + "job.",
                    parameters: [name, Shared.idempotencyKey, Shared.minimum],
                    requestSchema: "drain",
                    answers: [
                        .json("ringPlan", "What would happen: dryRun."),
                        .json("job", "It has begun.", status: 202),
                    ],
                    handler: WorkerDraining.drain
                )
            ]
        ),
        Route(
            "/v1/workers/{name}/undrain",
            [
                Operation(
                    .POST,
                    "undrainWorker",
                    "Has a worker that drains, or is drained, own pages again.",
                    parameters: [name, Shared.idempotencyKey, Shared.minimum],
                    answers: [.json("worker", "The worker.")],
                    handler: WorkerDraining.undrain
                )
            ]
        ),
    ]

    static let removal = Operation(
        .DELETE,
        "removeWorker",
        "Takes a drained worker out of the cluster for good; answers its last entry.",
        parameters: [
            name,
            .query("lost", "true: it is dead, and whatever it holds is lost; default false."),
            .query("force", "true: although it is alive and not drained; default false."),
            Shared.idempotencyKey, Shared.minimum,
        ],
        answers: [.json("worker", "The last entry.")],
        handler: WorkerRemoval.remove
    )

    private static let name = Operation.Parameter.path("name", "The worker's name.")

    /// The worker that the request is about.
    static func worker(of call: Call, in view: CatalogView) throws(Problem) -> WorkerEntry {
        let name = call.captures["name"] ?? ByteString()
        guard let entry = name.validText.flatMap(view.catalog.worker(named:)) else {
            throw Problem(
                .notFound,
                "there is no worker '\(name.text.prefix(200))'",
                next: "tarn worker list"
            )
        }
        return entry
    }

    /// A worker as an outcome has it, or why there is none.
    static func answer(_ outcome: CatalogOutcome, _ call: Call) throws(Problem) -> APIResponse {
        if case .refused(let refusal) = outcome {
            throw Problem(refusal, worker: (call.captures["name"] ?? ByteString()).text)
        }
        guard case .worker(let entry) = outcome else { throw Problem.otherOutcome(outcome) }
        let view = call.coordination.view()
        let document = WorkerDocument(
            entry,
            catalog: view.catalog,
            status: call.coordination.status()
        )
        return APIResponse.json(document).describing(view, region: entry.region)
    }
}

extension Problem {
    /// A refusal that is about a worker.
    init(_ refusal: CatalogRefusal, worker name: String) {
        switch refusal {
        case .unsafe(let reason):
            self.init(.unsafeRequest, reason, next: "tarn worker show \(name)")
        case .badValue(let reason):
            self.init(.badValue, reason, next: "tarn worker show \(name)")
        default: self.init(refusal, path: ByteString(name))
        }
    }
}
