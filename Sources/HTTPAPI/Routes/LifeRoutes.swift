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
                    parameters: [name, idempotencyKey, Shared.minimum],
                    requestSchema: "drain",
                    answers: [
                        .json("ringPlan", "What would happen: dryRun."),
                        .json("job", "It has begun.", status: 202),
                    ],
                    handler: drain
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
                    parameters: [name, idempotencyKey, Shared.minimum],
                    answers: [.json("worker", "The worker.")],
                    handler: undrain
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
            idempotencyKey, Shared.minimum,
        ],
        answers: [.json("worker", "The last entry.")],
        handler: remove
    )

    private enum Flag: String, CaseIterable { case yes = "true", no = "false" }

    private static let name = Operation.Parameter.path("name", "The worker's name.")
    private static let idempotencyKey = Operation.Parameter.header(
        "Idempotency-Key",
        "1 to 64 printable ASCII characters: a repetition takes effect once."
    )
    /// How often a plan is made again because somebody else changed the workers meanwhile.
    private static let attempts = 5

    // MARK: - Drain

    @Sendable private static func drain(_ call: Call) async throws(Problem) -> APIResponse {
        let body = try call.request.documentIfAny(
            DrainRequest.self,
            members: Schema.named("drain").memberNames,
            absent: DrainRequest()
        )
        guard body.rate ?? .max >= HandoffSettings.leastBytesPerSecond, body.rate ?? 0 < 1 << 62
        else { throw Problem(.badValue, "rate: \(body.rate ?? 0) B/s given; at least 1 MiB/s") }
        var left = attempts
        while true {
            let view = try await completeView(call)
            let worker = try worker(of: call, in: view)
            do throws(Problem) {
                return try await drain(worker, body, view, call)
            } catch {
                left -= 1
                // Of a plan that others have made void there will be another one.
                guard error.document.code == ProblemCode.revisionMismatch.rawValue, left > 0 else {
                    throw error
                }
            }
        }
    }

    private static func drain(
        _ worker: WorkerEntry,
        _ body: DrainRequest,
        _ view: CatalogView,
        _ call: Call
    ) async throws(Problem) -> APIResponse {
        let isForced = body.force ?? false
        var heirs: [NodeID] = []
        if worker.state == .active {
            let forecast = try RingForecasts.forecast(
                [.drain(worker.name)],
                in: worker.region,
                view.catalog,
                call,
                rate: body.rate
            )
            if body.dryRun == true {
                let vote = await vote(of: worker, call)
                return APIResponse.json(RingPlanDocument(forecast, vote: vote))
                    .describing(view, region: worker.region)
            }
            guard isForced || forecast.refusals.isEmpty else {
                throw Problem(
                    .unsafeRequest,
                    "draining '\(worker.name)': " + forecast.refusals.joined(separator: "; "),
                    next: "tarn ring plan --drain \(worker.name)"
                )
            }
            heirs = forecast.heirs
        } else if body.dryRun == true {
            throw Problem(
                .unsafeRequest,
                "'\(worker.name)' is \(worker.state.text): there is nothing to plan",
                next: "tarn worker show \(worker.name)"
            )
        }
        let drain = WorkerDrain(
            worker.id,
            bytesPerSecond: body.rate ?? 0,
            heirs: isForced ? [] : heirs,
            isForced: isForced
        )
        let outcome = try await submit(.drain(drain), about: worker, call)
        guard case .job(let job) = outcome else { throw Problem.otherOutcome(outcome) }
        return APIResponse.json(JobDocument(job), status: .accepted)
            .describing(call.coordination.view(), region: worker.region)
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

    @Sendable private static func undrain(_ call: Call) async throws(Problem) -> APIResponse {
        let view = try await completeView(call)
        let worker = try worker(of: call, in: view)
        return try await answer(try await submit(.undrain(worker.id), about: worker, call), call)
    }

    // MARK: - Removal

    @Sendable private static func remove(_ call: Call) async throws(Problem) -> APIResponse {
        let isLost = try call.query.choice("lost", of: Flag.self) == .yes
        let isForced = try call.query.choice("force", of: Flag.self) == .yes
        if let first = try repeated(call) { return try await answer(first, call) }
        let view = try await completeView(call)
        let worker = try worker(of: call, in: view)
        let status = call.coordination.status()
        let health = status.workers.first { $0.name == worker.name }
        let isAlive = health?.liveness == .alive
        if !isForced {
            try requireEmpty(worker, isLost: isLost, isAlive: isAlive, health)
        }
        let isVoter = status.voters.contains { $0.node == worker.id }
        if isVoter { try await release(worker, isDead: isLost && !isAlive, call) }
        let isGone = isLost || isForced
        let outcome = try await submit(
            .remove(worker.id, isLost: isGone && (!isVoter || !isAlive || isForced)),
            about: worker,
            call,
            idempotency: try idempotency(call)
        )
        return try await answer(outcome, call)
    }

    private static func requireEmpty(
        _ worker: WorkerEntry,
        isLost: Bool,
        isAlive: Bool,
        _ health: WorkerHealth?
    ) throws(Problem) {
        if isLost {
            guard isAlive, worker.state != .drained else { return }
            throw Problem(
                .unsafeRequest,
                "'\(worker.name)' is alive, not lost",
                next: "tarn worker drain \(worker.name)"
            )
        }
        guard ![.drained, .joining].contains(worker.state) else { return }
        let pages = health?.pages.map { "\($0) pages" } ?? "an unknown number of pages"
        let bytes = health?.usedBytes.map { " (\(ByteCount($0)))" } ?? ""
        throw Problem(
            .unsafeRequest,
            "'\(worker.name)' is \(worker.state.text), not drained: \(pages)\(bytes) would be lost, "
                + "and read from the lake again where nobody else holds them",
            next: isAlive
                ? "tarn worker drain \(worker.name)" : "tarn worker remove \(worker.name) --lost"
        )
    }

    /// Has the vote of a worker given to another one before it goes.
    private static func release(
        _ worker: WorkerEntry,
        isDead: Bool,
        _ call: Call
    ) async throws(Problem) {
        do throws(CoordinationError) {
            // Of who is dead the vote is gone anyway, and another gets it as soon as there is one.
            do throws(CoordinationError) {
                _ = try await call.coordination.effect(of: .demoted, on: worker.name)
            } catch .unsafe(let reason) {
                guard !isDead else { return }
                throw .unsafe("'\(worker.name)' votes: \(reason)")
            }
            let wish = VoteWish(node: worker.id, kind: .demoted)
            _ = try await call.coordination.changeVoting(.wish(wish), within: Call.patience)
            let end = ContinuousClock.now + .seconds(15)
            while ContinuousClock.now < end {
                let voters = call.coordination.view().catalog.cluster?.voters ?? []
                if !voters.contains(worker.id) { return }
                try? await Task.sleep(for: .milliseconds(100))
            }
            throw .unfinished(
                .transfer,
                "the vote of '\(worker.name)' is on its way to another worker; ask again"
            )
        } catch {
            throw call.problem(error)
        }
    }

    // MARK: - Common parts

    private static func completeView(_ call: Call) async throws(Problem) -> CatalogView {
        try await call.waitForMinimum()
        do {
            try await call.coordination.readBarrier(within: Call.patience)
        } catch {
            throw call.problem(error)
        }
        return call.seen.note(call.coordination.view())
    }

    private static func worker(
        of call: Call,
        in view: CatalogView
    ) throws(Problem) -> WorkerEntry {
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

    /// The first outcome under the same key: a worker that is gone by now was removed by it.
    private static func repeated(_ call: Call) throws(Problem) -> CatalogOutcome? {
        try idempotency(call).flatMap { call.coordination.view().catalog.outcome(of: $0) }
    }

    private static func idempotency(_ call: Call) throws(Problem) -> Idempotency? {
        let name = call.captures["name"] ?? ByteString()
        let path = ByteString("workers/") + name + ByteString("?\(call.query.fingerprint)")
        return try MountConditions.idempotency(of: call.request, path: path)
    }

    /// A drain and its end need no key: repeated they change nothing, and answer the same.
    private static func submit(
        _ change: WorkerChange,
        about worker: WorkerEntry,
        _ call: Call,
        idempotency: Idempotency? = nil
    ) async throws(Problem) -> CatalogOutcome {
        let command = CatalogCommand(
            operation: .worker(change),
            idempotency: idempotency,
            madeAtUnixMS: WallClock.unixMS
        )
        let outcome: CatalogOutcome
        do {
            outcome = try await call.coordination.submit(command, within: Call.patience)
        } catch {
            throw call.problem(error)
        }
        if case .refused(let refusal) = outcome { throw Problem(refusal, worker: worker.name) }
        return outcome
    }

    private static func answer(
        _ outcome: CatalogOutcome,
        _ call: Call
    ) async throws(Problem) -> APIResponse {
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

    /// An outcome of another command than was submitted: only a defect elsewhere.
    static func otherOutcome(_ outcome: CatalogOutcome) -> Self {
        Problem(.internalError, "the catalog answered another command: \(outcome)")
    }
}
