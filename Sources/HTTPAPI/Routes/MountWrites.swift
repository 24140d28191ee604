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
            Shared.idempotencyKey, Shared.minimum,
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
            Shared.idempotencyKey, Shared.minimum,
        ],
        answers: [.json("mount", "The last entry.")],
        handler: delete
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
        if try call.query.choice("check", of: Check.self) == .yes,
            let first = try await check(mount, idempotency, call)
        {
            return try await answer(first, path, call)
        }
        let put = CatalogCommand.Operation.putMount(path: path, mount, precondition)
        return try await answer(try await call.submit(put, idempotency), path, call)
    }

    /// Sees from here that the origin lists, and answers with the outcome of an earlier attempt under
    /// the same key: that counts before what the origin says now, also when the attempt is still on its
    /// way while the origin is asked.
    private static func check(
        _ mount: Mount,
        _ idempotency: Idempotency?,
        _ call: Call
    ) async throws(Problem) -> CatalogOutcome? {
        if let first = try await call.earlierOutcome(under: idempotency) { return first }
        do {
            try await call.dependencies.probe.check(mount)
        } catch {
            var problem = Problem(error, about: mount.origin)
            let first: CatalogOutcome?
            do {
                first = try await call.earlierOutcome(under: idempotency)
            } catch {  // Nobody says what became of an earlier attempt.
                problem.document.outcome = .unknown
                throw problem
            }
            if let first { return first }
            throw problem
        }
        return nil
    }

    @Sendable private static func delete(_ call: Call) async throws(Problem) -> APIResponse {
        let path = try MountRoutes.mountPath(call)
        let precondition = try MountConditions.precondition(of: call.request)
        let outcome = try await call.submit(
            .removeMount(path: path, precondition),
            try MountConditions.idempotency(of: call.request, path: path)
        )
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
            throw Problem.otherOutcome(outcome)
        }
    }
}
