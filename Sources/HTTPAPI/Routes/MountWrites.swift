// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import ClientRuntime
import Coordination
import NIOHTTP1
import Primitives

/// Writing `/v1/mount`: one catalog command each, and what became of it.
enum MountWrites {
    static let put = Operation(
        .PUT,
        "putMount",
        "Creates a mount (201), or with If-Match replaces one (200).",
        work: .brief,
        parameters: [
            MountRoutes.path,
            .query(
                "check",
                "true: first see from the asked worker that the origin lists; default false."
            ),
            .header("If-Match", "The revision to replace, 0 for none, or * for any."),
            .header("If-None-Match", "* : must not exist."),
            idempotencyKey, Shared.minimum,
        ] + MountBarrier.parameters,
        requestSchema: "mountRequest",
        answers: [
            .json("mount", "Replaced."),
            .json("mount", "Created.", status: 201),
        ],
        handler: put
    )

    static let delete = Operation(
        .DELETE,
        "deleteMount",
        "Removes a mount; answers its last entry.",
        work: .brief,
        parameters: [
            MountRoutes.path, .header("If-Match", "The revision to remove, or *."),
            idempotencyKey, Shared.minimum,
        ],
        answers: [.json("mount", "The last entry.")],
        handler: delete
    )

    private static let idempotencyKey = Operation.Parameter.header(
        "Idempotency-Key",
        "1 to 64 printable ASCII characters: a repetition takes effect once."
    )

    private enum Check: String, CaseIterable { case yes = "true", no = "false" }

    @Sendable private static func put(_ call: Call) async throws(Problem) -> APIResponse {
        let path = try MountRoutes.mountPath(call)
        let precondition = try MountConditions.precondition(of: call.request)
        let idempotency = try MountConditions.idempotency(of: call.request, path: path)
        _ = try MountBarrier.patience(call)  // What is wrong is refused before anything is written.
        let mount = try Mount(
            try call.request.document(
                MountRequest.self,
                members: Schema.named("mountRequest").memberNames
            )
        )
        do {
            try MountRules.check(mount)
        } catch {
            throw Problem(error, path: path)
        }
        let command = CatalogCommand(
            operation: .putMount(path: path, mount, precondition),
            idempotency: idempotency,
            madeAtUnixMS: WallClock.unixMS
        )
        if try call.query.choice("check", of: Check.self) == .yes {
            return try await putChecked(mount, command, path, call)
        }
        return try await submit(command, path, call)
    }

    /// The outcome of an earlier attempt under the same key counts before what the origin says now,
    /// also when that attempt is still on its way while the origin is asked.
    private static func putChecked(
        _ mount: Mount,
        _ command: CatalogCommand,
        _ path: ByteString,
        _ call: Call
    ) async throws(Problem) -> APIResponse {
        if let first = try await outcome(of: command, call) {
            return try await answer(first, path, call)
        }
        do {
            try await call.dependencies.probe.check(mount)
        } catch {
            var problem = Problem(error, about: mount.origin)
            let first: CatalogOutcome?
            do {
                first = try await outcome(of: command, call)
            } catch {  // Nobody says what became of an earlier attempt.
                problem.document.outcome = .unknown
                throw problem
            }
            if let first { return try await answer(first, path, call) }
            throw problem
        }
        return try await submit(command, path, call)
    }

    /// What became of an earlier attempt under the command's key; `nil`: nothing, or it has no key.
    private static func outcome(
        of command: CatalogCommand,
        _ call: Call
    ) async throws(Problem) -> CatalogOutcome? {
        guard let idempotency = command.idempotency else { return nil }
        do {
            try await call.coordination.readBarrier(within: Call.patience)
        } catch {
            throw call.problem(error)
        }
        return call.coordination.view().catalog.outcome(of: idempotency)
    }

    @Sendable private static func delete(_ call: Call) async throws(Problem) -> APIResponse {
        let path = try MountRoutes.mountPath(call)
        return try await submit(
            CatalogCommand(
                operation: .removeMount(
                    path: path,
                    try MountConditions.precondition(of: call.request)
                ),
                idempotency: try MountConditions.idempotency(of: call.request, path: path),
                madeAtUnixMS: WallClock.unixMS
            ),
            path,
            call
        )
    }

    private static func submit(
        _ command: CatalogCommand,
        _ path: ByteString,
        _ call: Call
    ) async throws(Problem) -> APIResponse {
        try await call.waitForMinimum()
        let outcome: CatalogOutcome
        do {
            outcome = try await call.coordination.submit(command, within: Call.patience)
        } catch {
            throw call.problem(error)
        }
        return try await answer(outcome, path, call)
    }

    private static func answer(
        _ outcome: CatalogOutcome,
        _ path: ByteString,
        _ call: Call
    ) async throws(Problem) -> APIResponse {
        var barrier: BarrierDocument?
        if case .mount(let entry, _) = outcome, let patience = try MountBarrier.patience(call) {
            barrier = await MountBarrier.document(for: entry, call, within: patience)
        }
        return try answer(outcome, path, barrier)
            .describing(call.coordination.view(), region: call.dependencies.region)
    }

    private static func answer(
        _ outcome: CatalogOutcome,
        _ path: ByteString,
        _ barrier: BarrierDocument?
    ) throws(Problem) -> APIResponse {
        switch outcome {
        case .mount(let entry, let isNew):
            var document = MountDocument(entry)
            document.barrier = barrier
            return APIResponse.written(document, status: isNew ? .created : .ok)
                .with("ETag", "\"\(entry.modRevision)\"")
        case .mountRemoved(let entry):
            return APIResponse.written(MountDocument(entry))
                .with("ETag", "\"\(entry.modRevision)\"")
        case .refused(let refusal):
            throw Problem(refusal, path: path)
        case .clusterFormed, .worker, .credential, .credentialRemoved, .ring, .job:
            // An outcome of another command than was submitted: only a defect elsewhere.
            throw Problem(.internalError, "the catalog answered another command: \(outcome)")
        }
    }
}
