// SPDX-License-Identifier: Apache-2.0
import APIModel
import Coordination
import Origins

extension Problem {
    /// The only translation of why nothing was sealed.
    init(_ error: CredentialVault.SealError) {
        let page = "Docs/credentials.md"
        switch error {
        case .noKey:
            self.init(
                .unsafeRequest,
                "this worker has no key to seal a credential with, and the cluster keeps none in the "
                    + "clear; give every worker the same key, and name its file as credential-key-file",
                next: "openssl rand -base64 32 > credential.keys"
            )
        case .badKeys(let trouble):
            self.init(.unsafeRequest, "this worker's keys cannot be used: \(trouble)", next: page)
        case .noCluster: self.init(CoordinationError.notInitialised)
        case .unopened(let obstacle):
            self.init(
                .unknownCredential,
                "credential \(obstacle.name) \(obstacle.reason)",
                next: page
            )
        }
    }
}
