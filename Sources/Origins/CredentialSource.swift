// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Where a mount's credentials come from, and what they are at the moment.
///
/// Files are read again once a minute, so a rotated key is taken over without a restart; temporary
/// credentials are renewed five minutes before they expire.
package final class CredentialSource: Sendable {
    /// One of the places that `CONTRACT.md` §2 names, in its order.
    enum Place: Sendable {
        /// A credential of the worker's configuration.
        case named(String, file: String)
        /// `AWS_ACCESS_KEY_ID` and its companions.
        case environment(S3Credentials)
        /// A profile of the shared credentials file.
        case profile(String, file: String)
        /// `AWS_WEB_IDENTITY_TOKEN_FILE`.
        case webIdentity(WebIdentity)
    }

    private let places: [Place]
    private let blocking: BlockingIO
    private let kept = Mutex<(credentials: S3Credentials, until: Int64)?>(nil)

    init(places: [Place], blocking: BlockingIO) {
        self.places = places
        self.blocking = blocking
    }

    /// Which source is used, or would be asked next; never a value.
    package func describe() -> String {
        guard let place = places.first(where: Self.looksUsable) else { return "none" }
        return switch place {
        case .named(let name, _): "credential \(name)"
        case .environment: "AWS environment variables"
        case .profile(let name, let file): "profile \(name) of \(file)"
        case .webIdentity: "web identity token"
        }
    }

    /// What to sign with now.
    ///
    /// - Throws: ``OriginError/misconfigured(_:)`` when no place has any.
    func current(_ deadline: Deadline) async throws(OriginError) -> S3Credentials {
        let now = WallClock.unixSeconds
        if let kept = kept.withLock(\.self), now < kept.until { return kept.credentials }

        for place in places {
            guard let found = try await credentials(of: place, deadline) else { continue }
            let until = found.expiresUnixSeconds.map { $0 - 300 } ?? now + 60
            kept.withLock { $0 = (found, until) }
            return found
        }
        throw .misconfigured(
            "no credentials: none in the AWS environment variables, the shared credentials file "
                + "or a web identity; set a credential, or the option anonymous=true"
        )
    }

    // MARK: - Places

    private func credentials(
        of place: Place,
        _ deadline: Deadline
    ) async throws(OriginError) -> S3Credentials? {
        switch place {
        case .environment(let credentials):
            return credentials
        case .named(let name, let file):
            guard let bytes = try await read(file, deadline) else {
                throw .misconfigured("credential \(name): cannot read \(file)")
            }
            guard let found = CredentialFile.parse(bytes, profile: "default") else {
                throw .misconfigured("credential \(name): \(file) has no access key and secret")
            }
            return found
        case .profile(let name, let file):
            return try await read(file, deadline).flatMap {
                CredentialFile.parse($0, profile: name)
            }
        case .webIdentity(let identity):
            guard let token = try await read(identity.tokenFile, deadline) else {
                throw .misconfigured("web identity: cannot read \(identity.tokenFile)")
            }
            return try await identity.assumeRole(token: token, deadline: deadline)
        }
    }

    private func read(_ path: String, _ deadline: Deadline) async throws(OriginError) -> [UInt8]? {
        try await blocking.run(deadline) {
            .success(SmallFile.read(path, limit: CredentialFile.sizeLimit))
        }
    }

    private static func looksUsable(_ place: Place) -> Bool {
        switch place {
        case .named, .environment, .webIdentity: true
        case .profile(_, let file): SmallFile.isReadable(file)
        }
    }
}
