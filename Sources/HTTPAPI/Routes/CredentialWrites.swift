// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Coordination
import NIOHTTP1
import Origins
import Primitives

/// Writing `/v1/credential`: the asked worker seals, the catalog keeps.
///
/// The value lives in the request's body and in what is sealed, and in nothing that is written down:
/// not in problems, logs, answers, or in the fingerprint of a repeated request.
enum CredentialWrites {
    static let put = Operation(
        .PUT,
        "putCredential",
        "Keeps a credential under a name (201), or replaces it (200), sealed by the asked worker.",
        parameters: [
            CredentialRoutes.name,
            .header("If-Match", "The revision to replace, 0 for none, or * for any: the default."),
            .header("If-None-Match", "* : must not exist."),
            Shared.idempotencyKey, Shared.minimum,
        ],
        requestSchema: "credentialRequest",
        answers: [
            .json("credential", "Replaced."),
            .json("credential", "Created.", status: 201),
        ],
        handler: put
    )

    static let delete = Operation(
        .DELETE,
        "deleteCredential",
        "Removes a credential; refused while mounts name it.",
        parameters: [
            CredentialRoutes.name,
            .query("force", "true: although mounts name it; default false."),
            .header("If-Match", "The revision to remove, or *."),
            Shared.idempotencyKey, Shared.minimum,
        ],
        answers: [.json("credential", "The last entry.")],
        handler: delete
    )

    private enum Force: String, CaseIterable { case yes = "true", no = "false" }

    @Sendable private static func put(_ call: Call) async throws(Problem) -> APIResponse {
        let name = try CredentialRoutes.name(call)
        let precondition = try CredentialConditions.precondition(of: call.request)
        let credentials = try credentials(in: call.request)
        let vault = call.dependencies.vault
        let idempotency = try await CredentialConditions.idempotency(of: call.request, name, vault)
        let sealed: SealedCredential
        do throws(CredentialVault.SealError) {
            sealed = try await vault.seal(credentials, named: name)
        } catch {
            throw Problem(error)
        }
        let put = CatalogCommand.Operation.putCredential(name: name, sealed, precondition)
        return try answer(try await call.submit(put, idempotency), name, call)
    }

    @Sendable private static func delete(_ call: Call) async throws(Problem) -> APIResponse {
        let name = try CredentialRoutes.name(call)
        let isForced = try call.query.choice("force", of: Force.self) == .yes
        let target = ByteString(isForced ? "force \(name)" : name)
        let outcome = try await call.submit(
            .removeCredential(
                name: name,
                try CredentialConditions.precondition(of: call.request),
                isForced ? .always : .ifUnused
            ),
            try MountConditions.idempotency(of: call.request, path: target)
        )
        return try answer(outcome, name, call)
    }

    /// The body, of which nothing is ever quoted.
    private static func credentials(in request: APIRequest) throws(Problem) -> S3Credentials {
        let rule = Problem(
            .badValue,
            "the body must be a JSON object of accessKeyId, secretAccessKey and, for temporary "
                + "credentials, sessionToken: texts of 1 to \(S3Credentials.longestField) bytes each",
            next: "tarn credential put --help"
        )
        let document: CredentialRequest
        do {
            document = try request.document(
                CredentialRequest.self,
                members: Schema.named("credentialRequest").memberNames
            )
        } catch {
            throw rule
        }
        let token = document.sessionToken.map { [("sessionToken", $0)] } ?? []
        let value = CredentialValue(
            [
                ("accessKeyId", document.accessKeyId),
                ("secretAccessKey", document.secretAccessKey),
            ] + token
        )
        guard let credentials = S3Credentials(value) else { throw rule }
        return credentials
    }

    // MARK: - The catalog

    private static func answer(
        _ outcome: CatalogOutcome,
        _ name: String,
        _ call: Call
    ) throws(Problem) -> APIResponse {
        try answer(outcome, name)
            .describing(call.coordination.view(), region: call.dependencies.region)
    }

    private static func answer(
        _ outcome: CatalogOutcome,
        _ name: String
    ) throws(Problem) -> APIResponse {
        switch outcome {
        case .credential(let entry, let isNew):
            return APIResponse.json(CredentialDocument(entry), status: isNew ? .created : .ok)
                .with("ETag", "\"\(entry.modRevision)\"")
        case .credentialRemoved(let entry):
            return APIResponse.json(CredentialDocument(entry))
                .with("ETag", "\"\(entry.modRevision)\"")
        case .refused(let refusal):
            throw Problem(refusal, ofCredential: name)
        case .clusterFormed, .worker, .mount, .mountRemoved, .ring, .job:
            throw Problem.otherOutcome(outcome)
        }
    }
}
