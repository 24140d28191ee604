// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import NIOHTTP1
import Origins
import Primitives

/// The conditions of a write to the credentials: those of mounts, but that a PUT without one replaces.
///
/// A credential is put again because it was rotated; that must not need a look at its revision first.
enum CredentialConditions {
    static func precondition(of request: APIRequest) throws(Problem) -> Precondition {
        let match = try request.header("If-Match")
        let noneMatch = try request.header("If-None-Match")
        guard match != nil || noneMatch != nil else { return .any }
        return try MountConditions.precondition(of: request)
    }

    /// The client's name for a write with a value in its body, and a fingerprint of it.
    ///
    /// The fingerprint stands in the log and in backups. A plain hash would let everybody who reads them
    /// try out values; this one is made with the cluster's key.
    static func idempotency(
        of request: APIRequest,
        _ name: String,
        _ vault: CredentialVault
    ) async throws(Problem) -> Idempotency? {
        guard let key = try MountConditions.idempotencyKey(of: request) else { return nil }
        let bytes = try MountConditions.deciding(request, path: ByteString(name))
        do throws(CredentialVault.SealError) {
            return Idempotency(key: key, fingerprint: try await vault.fingerprint(of: bytes))
        } catch {
            throw Problem(error)
        }
    }
}
