// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Coordination
import NIOHTTP1
import Primitives

/// Having a worker give its pages away, and own pages again.
enum WorkerDraining {
    /// Rests on a plan: where the workers that it counts on change before the command is carried out,
    /// the catalog refuses it.
    @Sendable static func drain(_ call: Call) async throws(Problem) -> APIResponse {
        let wish = try wish(of: call)
        let idempotency = try call.idempotency()
        if let first = try await call.earlierOutcome(under: idempotency) {
            return try answer(first, call)
        }
        let view = try await call.completeView()
        let worker = try LifeRoutes.worker(of: call, in: view)
        if wish.dryRun == true { return try await plan(worker, wish, view, call) }
        let drain = WorkerDrain(
            worker.id,
            bytesPerSecond: wish.rate ?? 0,
            heirs: try heirs(of: worker, wish, view, call),
            isForced: wish.force ?? false
        )
        return try answer(try await call.submit(.worker(.drain(drain)), idempotency), call)
    }

    @Sendable static func undrain(_ call: Call) async throws(Problem) -> APIResponse {
        let idempotency = try call.idempotency()
        if let first = try await call.earlierOutcome(under: idempotency) {
            return try LifeRoutes.answer(first, call)
        }
        let worker = try LifeRoutes.worker(of: call, in: try await call.completeView())
        let outcome = try await call.submit(.worker(.undrain(worker.id)), idempotency)
        return try LifeRoutes.answer(outcome, call)
    }

    private static func wish(of call: Call) throws(Problem) -> DrainRequest {
        let wish = try call.request.documentIfAny(
            DrainRequest.self,
            members: Schema.named("drain").memberNames,
            absent: DrainRequest()
        )
        guard let rate = wish.rate else { return wish }
        guard (HandoffSettings.leastBytesPerSecond..<1 << 62).contains(rate) else {
            throw Problem(.badValue, "rate: \(rate) B/s given; at least 1 MiB/s")
        }
        return wish
    }

    // MARK: - Plans

    private static func forecast(
        _ worker: WorkerEntry,
        _ wish: DrainRequest,
        _ view: CatalogView,
        _ call: Call
    ) throws(Problem) -> RingForecast {
        try RingForecasts.forecast(
            [.drain(worker.name)],
            in: worker.region,
            view.catalog,
            call,
            rate: wish.rate
        )
    }

    private static func plan(
        _ worker: WorkerEntry,
        _ wish: DrainRequest,
        _ view: CatalogView,
        _ call: Call
    ) async throws(Problem) -> APIResponse {
        guard worker.state == .active else {
            throw Problem(
                .unsafeRequest,
                "'\(worker.name)' is \(worker.state.text): there is nothing to plan",
                next: "tarn worker show \(worker.name)"
            )
        }
        let forecast = try forecast(worker, wish, view, call)
        return APIResponse.json(RingPlanDocument(forecast, vote: await vote(of: worker, call)))
            .describing(view, region: worker.region)
    }

    /// Who takes the pages; nobody in particular where nothing is given away, or where it is forced.
    private static func heirs(
        of worker: WorkerEntry,
        _ wish: DrainRequest,
        _ view: CatalogView,
        _ call: Call
    ) throws(Problem) -> [NodeID] {
        guard worker.state == .active else { return [] }
        let forecast = try forecast(worker, wish, view, call)
        if wish.force == true { return [] }
        guard forecast.refusals.isEmpty else {
            throw Problem(
                .unsafeRequest,
                "draining '\(worker.name)': " + forecast.refusals.joined(separator: "; "),
                next: "tarn ring plan --drain \(worker.name)"
            )
        }
        return forecast.heirs
    }

    /// What becomes of the vote; `nil`: it has none.
    private static func vote(of worker: WorkerEntry, _ call: Call) async -> String? {
        guard call.coordination.status().voters.contains(where: { $0.node == worker.id }) else {
            return nil
        }
        do throws(CoordinationError) {
            return try await call.coordination.effect(of: .demoted, on: worker.name)
        } catch .unsafe(let reason) {
            return "it keeps its vote: \(reason)"
        } catch {
            return "nobody could say what becomes of its vote: \(Problem(error).document.detail)"
        }
    }

    private static func answer(
        _ outcome: CatalogOutcome,
        _ call: Call
    ) throws(Problem) -> APIResponse {
        guard case .job(let job) = outcome else { return try LifeRoutes.answer(outcome, call) }
        return APIResponse.json(JobDocument(job), status: .accepted)
            .describing(call.coordination.view(), region: job.region)
    }
}
