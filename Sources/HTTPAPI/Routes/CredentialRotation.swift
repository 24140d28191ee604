// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Coordination
import Logging
import NIOHTTP1
import Origins
import Primitives

/// `/v1/credentials/rotate`: everything that the cluster keeps is sealed with the asked worker's first
/// key.
///
/// The values stay. Each is a write of its own, under the condition that nobody else has put it
/// meanwhile; so it can be repeated, and what broke off is gone on with.
enum CredentialRotation {
    static let operation = Operation(
        .POST,
        "rotateCredentials",
        "Seals every credential with the first key of the asked worker, and says which keys are not "
            + "needed any more.",
        parameters: [Shared.minimum],
        answers: [.json("credentialRotation", "What became of each.")],
        handler: rotate
    )

    @Sendable private static func rotate(_ call: Call) async throws(Problem) -> APIResponse {
        let vault = call.dependencies.vault
        let view = try await call.catalogView()
        guard let cluster = view.catalog.cluster else { throw Problem(.notInitialised) }
        let sealing = try await sealingKey(vault)
        var items: [CredentialRotationDocument.Item] = []
        for entry in view.catalog.credentials {
            items.append(try await reseal(entry, call))
        }
        let used = Set(items.map(\.keyId))
        let document = CredentialRotationDocument(
            items: items,
            keyId: "\(sealing)",
            unusedKeyIds: vault.keyIDs.dropFirst().map(\.description).filter { !used.contains($0) }
        )
        call.dependencies.logger.notice(
            "credentials sealed anew",
            metadata: [
                "cluster.id": "\(cluster.id)", "credential.key": "\(sealing)",
                "credential.count": "\(items.count { $0.outcome == .resealed })",
                "credential.failed": "\(items.count { $0.outcome == .failed })",
            ]
        )
        return APIResponse.json(document)
            .describing(call.coordination.view(), region: call.dependencies.region)
    }

    private static func sealingKey(
        _ vault: CredentialVault
    ) async throws(Problem) -> CredentialKeyID {
        do throws(CredentialVault.SealError) {
            return try await vault.sealingKeyID()
        } catch {
            throw Problem(error)
        }
    }

    private static func reseal(
        _ entry: CredentialEntry,
        _ call: Call
    ) async throws(Problem) -> CredentialRotationDocument.Item {
        func item(
            _ outcome: CredentialRotationDocument.Outcome,
            _ key: CredentialKeyID,
            _ reason: String? = nil
        ) -> CredentialRotationDocument.Item {
            .init(name: entry.name, outcome: outcome, keyId: "\(key)", reason: reason)
        }
        let anew: (sealed: SealedCredential, revision: Revision)?
        do throws(CredentialVault.SealError) {
            anew = try await call.dependencies.vault.reseal(entry.name)
        } catch {
            return item(.failed, entry.keyID, Problem(error).document.detail)
        }
        guard let anew else { return item(.current, entry.keyID) }
        let outcome = try await call.submit(
            .putCredential(name: entry.name, anew.sealed, .revision(anew.revision))
        )
        if case .credential(let stored, _) = outcome { return item(.resealed, stored.keyID) }
        return item(.failed, entry.keyID, "it was put or removed meanwhile: rotate again")
    }
}
