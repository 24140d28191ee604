// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import NIOPosix
package import Primitives

/// The credentials that the cluster keeps, opened with this worker's keys, and closed with them.
///
/// ```
///   put ─▶ seal ─▶ catalog, the same bytes on every worker ─▶ credentials(named:) ─▶ a request's signature
///            └──── keys: a file or the environment of each worker ────┘
/// ```
///
/// Nothing that is open is kept here: who signs with it keeps it as long as it is the newest.
package final class CredentialVault: Sendable {
    /// Why nothing was closed.
    package enum SealError: Error, Hashable, Sendable {
        /// Neither a file nor the environment gives this worker a key.
        case noKey
        /// There should be keys, but; names the place.
        case badKeys(String)
        case noCluster
        /// There is a credential to close anew, but it cannot be opened.
        case unopened(CredentialObstacle)
    }

    private let source: CredentialKeySource
    private let catalog: @Sendable () -> Catalog

    /// - Parameters:
    ///   - keyFile: File of a ``CredentialKeyring``.
    ///   - environment: The process's environment, of which only ``keyVariable`` is looked at.
    ///   - pool: Where the file is read: that of origins' files, for it may hang like them.
    ///   - catalog: What the cluster keeps at the moment.
    package init(
        keyFile: String?,
        environment: [String: String],
        pool: NIOThreadPool,
        catalog: @escaping @Sendable () -> Catalog
    ) {
        source = CredentialKeySource(
            file: keyFile,
            variable: environment[Self.keyVariable],
            blocking: BlockingIO(pool: pool)
        )
        self.catalog = catalog
    }

    /// The variable that keys are taken from.
    package static var keyVariable: String { CredentialKeySource.variable }

    /// Reads the keys again.
    package func load() async { await source.load() }

    /// The ids of the keys that were read last, the one that closes first.
    package var keyIDs: [CredentialKeyID] { source.current.ring.keys.map(\.id) }

    /// Why keys that should be there are not.
    package var trouble: String? { source.current.trouble }

    // MARK: - Opening

    /// When a credential was put last; `nil` where the cluster keeps none of the name.
    func revision(of name: String) -> Revision? { catalog().credential(named: name)?.modRevision }

    /// What the cluster keeps under a name; `nil`: nothing.
    ///
    /// - Throws: ``OriginError/misconfigured(_:)`` naming the key that is missing here.
    func credentials(named name: String) async throws(OriginError) -> S3Credentials? {
        let catalog = catalog()
        guard let entry = catalog.credential(named: name) else { return nil }
        if source.current.ring.key(entry.keyID) == nil { await source.loadForMissingKey() }
        do {
            return try open(entry, in: catalog)
        } catch {
            throw .misconfigured("credential \(name) \(error.reason)")
        }
    }

    /// Whether a credential of this catalog could be opened here with the keys that were read last: `nil`,
    /// or why not, with the id of its key.
    package func obstacle(
        to entry: CredentialEntry,
        in catalog: Catalog
    ) -> CredentialObstacle? {
        do {
            _ = try open(entry, in: catalog)
            return nil
        } catch {
            return error
        }
    }

    /// The credentials that cannot be opened here with the keys that were read last.
    package var obstacles: [CredentialObstacle] {
        let catalog = catalog()
        return catalog.credentials.compactMap { obstacle(to: $0, in: catalog) }
    }

    private func open(
        _ entry: CredentialEntry,
        in catalog: Catalog
    ) throws(CredentialObstacle) -> S3Credentials {
        func obstacle(_ cause: CredentialObstacle.Cause) -> CredentialObstacle {
            CredentialObstacle(name: entry.name, key: entry.keyID, cause: cause)
        }
        guard let key = source.current.ring.key(entry.keyID) else { throw obstacle(.keyMissing) }
        guard let closed = catalog.sealedCredential(named: entry.name),
            let cluster = catalog.cluster
        else { throw obstacle(.broken) }
        // A restored cluster has another id, and what it took over was closed under an ancestor's.
        for id in [cluster.id] + cluster.lineage.map(\.cluster) {
            let opened = CredentialSeal.open(closed.bytes, named: entry.name, of: id, with: key)
            guard let opened else { continue }
            guard let value = try? CredentialValue(decoding: opened),
                let credentials = S3Credentials(value)
            else { throw obstacle(.unreadable) }
            return credentials
        }
        throw obstacle(.broken)
    }

    // MARK: - Closing

    /// Closes a credential with the first key, as a command for the catalog.
    package func seal(
        _ credentials: S3Credentials,
        named name: String
    ) async throws(SealError) -> SealedCredential {
        let key = try await sealingKey()
        guard let cluster = catalog().cluster?.id else { throw .noCluster }
        let value = credentials.value
        return SealedCredential(
            keyID: key.id,
            fields: value.fields.map(\.name),
            bytes: CredentialSeal.seal(value.encode(), named: name, of: cluster, with: key)
        )
    }

    /// The value of a name, closed anew with the first key, and which revision of it that was.
    ///
    /// `nil` where there is none of the name, or where it is closed so already.
    package func reseal(
        _ name: String
    ) async throws(SealError) -> (sealed: SealedCredential, revision: Revision)? {
        let key = try await sealingKey()
        let catalog = catalog()
        guard let entry = catalog.credential(named: name) else { return nil }
        let credentials: S3Credentials
        do {
            credentials = try open(entry, in: catalog)
        } catch {
            throw .unopened(error)
        }
        if entry.keyID == key.id, let cluster = catalog.cluster?.id,
            let closed = catalog.sealedCredential(named: name),
            CredentialSeal.open(closed.bytes, named: name, of: cluster, with: key) != nil
        {
            return nil
        }
        return (try await seal(credentials, named: name), entry.modRevision)
    }

    /// A number for requests with a value in them, which says nothing of it to those without the key.
    package func fingerprint(of bytes: [UInt8]) async throws(SealError) -> UInt64 {
        try await sealingKey().fingerprint(of: bytes)
    }

    /// The key that closes, after the keys were read again.
    package func sealingKeyID() async throws(SealError) -> CredentialKeyID {
        try await sealingKey().id
    }

    private func sealingKey() async throws(SealError) -> CredentialKey {
        let state = await source.load()
        // Half a keyring might close with a key that is about to go.
        if let trouble = state.trouble { throw .badKeys(trouble) }
        guard let key = state.ring.sealing else { throw .noKey }
        return key
    }
}

/// Why a credential cannot be opened on this worker.
package struct CredentialObstacle: Error, Hashable, Sendable {
    package enum Cause: Hashable, Sendable {
        case keyMissing
        /// The key is there, but the bytes, the name or the cluster are not those that were closed.
        case broken
        /// It opens, and holds something that this release does not know.
        case unreadable
    }

    package let name: String
    package let key: CredentialKeyID
    package let cause: Cause

    /// What stands behind "credential NAME".
    package var reason: String {
        switch cause {
        case .keyMissing:
            "is sealed with key \(key), which this worker does not have: add the key to its "
                + "credential-key-file"
        case .broken:
            "is not what key \(key) sealed under that name in this cluster: put it again"
        case .unreadable:
            "has fields that this release cannot use (key \(key)): put it again"
        }
    }
}
