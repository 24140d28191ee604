// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// Credentials that mounts name and every worker may use: opaque bytes here.
extension Catalog {
    /// In bytewise order of their names, without values.
    package var credentials: [CredentialEntry] { credentialTable.values.map(\.entry) }

    /// O(log n).
    package func credential(named name: String) -> CredentialEntry? {
        credentialTable[ByteString(name)]?.entry
    }

    /// The closed value of a credential, for whoever has the key; `nil` where there is none of the name,
    /// and in a catalog that follows another one by watching.
    package func sealedCredential(named name: String) -> SealedCredential? {
        guard let stored = credentialTable[ByteString(name)], !stored.bytes.isEmpty else {
            return nil
        }
        return SealedCredential(
            keyID: stored.entry.keyID,
            fields: stored.entry.fields,
            bytes: stored.bytes
        )
    }

    /// Paths of the mounts that name a credential, in any region; O(mounts).
    package func mounts(naming credential: String) -> [ByteString] {
        var paths: [ByteString] = []
        mountTable.forEach { element in
            let names = element.value.mount.credentialNames
            if names.contains(where: { isSame($0, credential) }) { paths.append(element.key) }
        }
        return paths
    }

    // MARK: - Writing

    /// Creates or replaces a credential; an equal replacement still makes a revision.
    mutating func put(
        _ sealed: SealedCredential,
        named name: String,
        if precondition: Precondition
    ) throws(CatalogRefusal) -> Application {
        try Self.check(sealed, named: name)
        let key = ByteString(name)
        let current = credentialTable[key]?.entry
        try Self.require(precondition, of: current)
        guard current != nil || credentialTable.count < CatalogLimits.credentialCount else {
            throw .full("at most \(CatalogLimits.credentialCount) credentials")
        }

        revision = revision.next
        let entry = CredentialEntry(
            name: name,
            keyID: sealed.keyID,
            fields: sealed.fields,
            createRevision: current?.createRevision ?? revision,
            modRevision: revision
        )
        store(StoredCredential(entry: entry, bytes: sealed.bytes))
        return Application(
            .credential(entry, created: current == nil),
            changes: changes([(CatalogKey.credential(name), .credential(entry))])
        )
    }

    mutating func removeCredential(
        named name: String,
        if precondition: Precondition,
        _ removal: CredentialRemoval
    ) throws(CatalogRefusal) -> Application {
        guard let entry = credential(named: name) else { throw .noSuchCredential }
        try Self.require(precondition, of: entry)
        if removal == .ifUnused {
            let users = mounts(naming: name)
            guard users.isEmpty else {
                let first = Array(users.prefix(CatalogLimits.namedUsers))
                throw .credentialInUse(by: first, count: UInt64(users.count))
            }
        }

        revision = revision.next
        removeCredential(ByteString(name))
        return Application(
            .credentialRemoved(entry),
            changes: changes([(CatalogKey.credential(name), nil)])
        )
    }

    // MARK: - Rules

    private static func check(
        _ sealed: SealedCredential,
        named name: String
    ) throws(CatalogRefusal) {
        guard NameSyntax.isValid(name) else {
            throw .badValue("credential '\(name.prefix(200))': allowed are \(NameSyntax.rule)")
        }
        guard (1...CatalogLimits.credentialByteCount).contains(sealed.bytes.count) else {
            throw .badValue(
                "the sealed credential takes \(sealed.bytes.count) bytes, allowed are 1 to "
                    + "\(CatalogLimits.credentialByteCount)"
            )
        }
        let isSmall = (1...CatalogLimits.credentialFieldCount).contains(sealed.fields.count)
        guard isSmall, sealed.fields.allSatisfy(NameSyntax.isValid) else {
            throw .badValue("a credential has 1 to \(CatalogLimits.credentialFieldCount) fields")
        }
    }

    private static func require(
        _ precondition: Precondition,
        of current: CredentialEntry?
    ) throws(CatalogRefusal) {
        let found = current?.modRevision ?? .zero
        let isMet =
            switch precondition {
            case .any: true
            case .absent: current == nil
            case .revision(let expected): current != nil && found == expected
            }
        guard isMet else { throw .revisionMismatch(current: found) }
    }
}

extension Mount {
    /// Names of the credentials that it signs with in its regions; one may come several times.
    package var credentialNames: [String] {
        ([credential] + regions.map(\.override.credential)).compactMap { $0 }
    }
}
