// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Coordination
import NIOHTTP1
import Primitives

/// `/v1/jobs`: long operations, how far they are, what came of them.
enum JobRoutes {
    static let routes = [
        Route(
            "/v1/jobs",
            [
                Operation(
                    .GET,
                    "listJobs",
                    "Jobs in bytewise order of their ids; those that ended are kept for a while.",
                    parameters: Shared.list + [Shared.consistency, Shared.minimum],
                    answers: [.json("jobs", "A page of jobs.")],
                    handler: list
                )
            ]
        ),
        Route(
            "/v1/jobs/{id}",
            [
                Operation(
                    .GET,
                    "job",
                    "One job.",
                    parameters: [id, Shared.consistency, Shared.minimum],
                    answers: [.json("job", "The job.")],
                    handler: show
                ),
                Operation(
                    .DELETE,
                    "cancelJob",
                    "Cancels a drain: its worker owns pages again. A rebalance follows the ring, and "
                        + "can only be paused.",
                    parameters: [id, Shared.minimum],
                    answers: [.json("job", "The job.")],
                    handler: cancel
                ),
            ]
        ),
    ]

    private static let id = Operation.Parameter.path("id", "Its id.")

    @Sendable private static func list(_ call: Call) async throws(Problem) -> APIResponse {
        let limit = try call.pageLimit()
        let after = call.query.bytes("after")
        let view = try await call.catalogView()
        let behind = view.catalog.allJobs.drop { job in
            after.map { ByteString(job.id) <= $0 } ?? false
        }
        let page = behind.prefix(limit).map { JobDocument($0) }
        let next = behind.count > limit ? page.last?.id : nil
        return APIResponse.json(Page(items: page, next: next))
            .describing(view, region: call.dependencies.region)
    }

    @Sendable private static func show(_ call: Call) async throws(Problem) -> APIResponse {
        let view = try await call.catalogView()
        let job = try job(of: call, in: view)
        return APIResponse.json(JobDocument(job)).describing(view, region: job.region)
    }

    @Sendable private static func cancel(_ call: Call) async throws(Problem) -> APIResponse {
        let job = try job(of: call, in: try await call.catalogView())
        guard !job.state.isFinal else {
            throw Problem(
                .unsafeRequest,
                "job '\(job.id)' is over",
                next: "tarn job show \(job.id)"
            )
        }
        guard job.kind == .drain, let node = job.node else {
            throw Problem(
                .unsafeRequest,
                "job '\(job.id)' moves pages to where the ring has them; it can be paused",
                next: "tarn cluster rebalance pause"
            )
        }
        let outcome = try await call.submit(.worker(.undrain(node)))
        if case .refused(let refusal) = outcome {
            throw Problem(refusal, worker: job.worker ?? "\(node)")
        }
        let view = call.coordination.view()
        let cancelled = view.catalog.job(id: job.id) ?? job
        return APIResponse.json(JobDocument(cancelled)).describing(view, region: job.region)
    }

    private static func job(of call: Call, in view: CatalogView) throws(Problem) -> JobEntry {
        let id = call.captures["id"] ?? ByteString()
        guard let job = id.validText.flatMap(view.catalog.job(id:)) else {
            throw Problem(
                .notFound,
                "there is no job '\(id.text.prefix(200))'",
                next: "tarn job list"
            )
        }
        return job
    }
}
