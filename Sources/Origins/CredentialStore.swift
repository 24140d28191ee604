// SPDX-License-Identifier: Apache-2.0

/// All credentials that this process may use, by name and without one.
package struct CredentialStore: Sendable {
    private let files: [String: String]
    private let fromEnvironment: S3Credentials?
    private let profile: String
    private let sharedFile: String?
    /// What the cluster keeps; `nil` in a process that has no keys for it.
    private let vault: CredentialVault?
    /// The variables that a web identity is made of; none of them is secret.
    let webIdentitySettings: [String: String]

    /// - Parameters:
    ///   - files: The configuration's `credentials:` map, name to file.
    ///   - environment: The process's environment; only `AWS_…` and `HOME` are looked at, and only
    ///     what is needed of them is kept.
    ///   - vault: What the cluster keeps, before all files; `nil` where nobody could open it.
    package init(
        files: [String: String],
        environment: [String: String],
        vault: CredentialVault? = nil
    ) {
        self.vault = vault
        self.files = files
        fromEnvironment = Self.credentials(in: environment)
        profile = environment["AWS_PROFILE"] ?? "default"
        sharedFile =
            environment["AWS_SHARED_CREDENTIALS_FILE"]
            ?? environment["HOME"].map { "\($0)/.aws/credentials" }
        webIdentitySettings = environment.filter { WebIdentity.variables.contains($0.key) }
    }

    /// The places to look in for a mount, in the order of `Docs/origins.md`.
    ///
    /// - Throws: ``OriginError/unknownCredential(_:)`` for a name that nobody defined.
    func places(
        named name: String?,
        webIdentity: WebIdentity?
    ) throws(OriginError) -> [CredentialSource.Place] {
        if let name {
            guard files[name] != nil || vault?.revision(of: name) != nil else {
                throw .unknownCredential(name)
            }
            return [.named(name, file: files[name], vault: vault)]
        }
        var places: [CredentialSource.Place] = []
        if let fromEnvironment { places.append(.environment(fromEnvironment)) }
        if let sharedFile { places.append(.profile(profile, file: sharedFile)) }
        if let webIdentity { places.append(.webIdentity(webIdentity)) }
        return places
    }

    private static func credentials(in environment: [String: String]) -> S3Credentials? {
        guard let access = environment["AWS_ACCESS_KEY_ID"], !access.isEmpty,
            let secret = environment["AWS_SECRET_ACCESS_KEY"], !secret.isEmpty
        else { return nil }
        let token = environment["AWS_SESSION_TOKEN"] ?? ""
        return S3Credentials(
            accessKey: Secret(access),
            secretKey: Secret(secret),
            sessionToken: token.isEmpty ? nil : Secret(token)
        )
    }
}
