// SPDX-License-Identifier: Apache-2.0
import Primitives
import Synchronization

/// Where a mount's credentials come from, and what they are at the moment.
///
/// Files are read again once a minute, so a rotated key is taken over without a restart; temporary
/// credentials are renewed five minutes before they expire. What the cluster keeps is taken over by the
/// first request behind its change; requests under way end with what they were signed with.
package final class CredentialSource: Sendable {
    /// One of the places that `Docs/origins.md` names, in its order.
    enum Place: Sendable {
        /// What the cluster keeps under the name, else the file of the worker's configuration.
        case named(String, file: String?, vault: CredentialVault?)
        /// `AWS_ACCESS_KEY_ID` and its companions.
        case environment(S3Credentials)
        /// A profile of the shared credentials file.
        case profile(String, file: String)
        /// `AWS_WEB_IDENTITY_TOKEN_FILE`.
        case webIdentity(WebIdentity)
    }

    private let places: [Place]
    private let blocking: BlockingIO
    /// A file that hangs keeps one thread, not one a minute.
    private let turn = RequestBudget(limit: 1, waitingLimit: 1)
    private let state = Mutex(State())

    private struct State {
        var renewal = CredentialRenewal()
        /// Of the cluster's credential that this is about; `nil`: it keeps none.
        var revision: Revision?
        /// The one look-up under way.
        var task: Task<Result<S3Credentials, OriginError>, Never>?
    }

    init(places: [Place], blocking: BlockingIO) {
        self.places = places
        self.blocking = blocking
    }

    /// Which source is used, or would be asked next; never a value.
    package func describe() -> String {
        guard let place = places.first(where: Self.looksUsable) else { return "none" }
        return switch place {
        case .named(let name, let file, let vault): Self.describe(name, file, vault)
        case .environment: "AWS environment variables"
        case .profile(let name, let file): "profile \(name) of \(file)"
        case .webIdentity: "web identity token"
        }
    }

    /// What to sign with now.
    ///
    /// One call renews for all; meanwhile, and where it fails, the others use what is kept, as long
    /// as it has not expired.
    ///
    /// - Throws: ``OriginError/misconfigured(_:)`` when no place has any.
    func current(_ deadline: Deadline) async throws(OriginError) -> S3Credentials {
        let now = WallClock.unixSeconds
        let (step, task) = state.withLock { state in
            let revision = self.revision
            if revision != state.revision {
                state = State()  // Whatever is kept, or under way, is another credential.
                state.revision = revision
            }
            let step = state.renewal.step(at: now)
            if case .renew = step {
                // Belongs to no caller: it goes on when one that waits for it gives up.
                state.task = Task { await self.renew(at: revision) }
            }
            return (step, state.task)
        }
        switch step {
        case .use(let credentials): return credentials
        case .fail(let error): throw error
        case .renew, .wait:
            return try await answer(by: deadline) { give in
                // Bounded by the renewal's own deadline.
                Task { give(await task?.value ?? .failure(.unreachable("no renewal"))) }
            }
        }
    }

    private func renew(at revision: Revision?) async -> Result<S3Credentials, OriginError> {
        let deadline = Deadline(.seconds(10))
        let found = await Result.catching { () async throws(OriginError) in
            try await self.found(deadline)
        }
        let now = WallClock.unixSeconds
        return state.withLock { state in
            // For who waits, it is new enough; for all others it is not.
            guard state.revision == revision else { return found }
            state.task = nil
            switch found {
            case .success(let credentials):
                state.renewal.renewed(credentials, at: now)
                return found
            case .failure(let error):
                return state.renewal.failed(error, at: now).map { .success($0) } ?? found
            }
        }
    }

    private func found(_ deadline: Deadline) async throws(OriginError) -> S3Credentials {
        for place in places {
            if let found = try await credentials(of: place, deadline) { return found }
        }
        throw .misconfigured(
            "no credentials: none in the AWS environment variables, the shared credentials file "
                + "or a web identity; set a credential, or the option anonymous=true"
        )
    }

    /// Changes when the cluster keeps something else than before for this source.
    var revision: Revision? {
        for case .named(let name, _, let vault?) in places { return vault.revision(of: name) }
        return nil
    }

    // MARK: - Places

    private func credentials(
        of place: Place,
        _ deadline: Deadline
    ) async throws(OriginError) -> S3Credentials? {
        switch place {
        case .environment(let credentials):
            return credentials
        case .named(let name, let file, let vault):
            if let kept = try await vault?.credentials(named: name) { return kept }
            guard let file else { throw .unknownCredential(name) }
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
        let (blocking, turn) = (blocking, turn)
        return try await race(Patience(deadline)) {
            await Result.catching { () async throws(OriginError) in
                try await turn.take()
                return try await blocking.run(deadline, inTurnOf: turn) {
                    .success(SmallFile.read(path, limit: CredentialFile.sizeLimit))
                }
            }
        }
    }

    private static func describe(
        _ name: String,
        _ file: String?,
        _ vault: CredentialVault?
    ) -> String {
        guard vault?.revision(of: name) == nil else { return "replicated credential \(name)" }
        return file == nil ? "no credential \(name)" : "local credential \(name)"
    }

    private static func looksUsable(_ place: Place) -> Bool {
        switch place {
        case .named, .environment, .webIdentity: true
        case .profile(_, let file): SmallFile.isReadable(file)
        }
    }
}
