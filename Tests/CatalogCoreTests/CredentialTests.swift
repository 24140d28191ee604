// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import Testing

func closed(_ key: UInt64, _ bytes: [UInt8] = [1, 2, 3]) -> SealedCredential {
    SealedCredential(keyID: CredentialKeyID(key), fields: ["a"], bytes: bytes)
}

extension Catalog {
    @discardableResult
    mutating func putCredential(
        _ name: String,
        _ sealed: SealedCredential = closed(1),
        if precondition: Precondition = .any
    ) -> Application {
        perform(.putCredential(name: name, sealed, precondition))
    }

    @discardableResult
    mutating func removeCredential(
        _ name: String,
        if precondition: Precondition = .any,
        _ removal: CredentialRemoval = .ifUnused
    ) -> Application {
        perform(.removeCredential(name: name, precondition, removal))
    }
}

/// Which condition lets a credential be written, who may take it away, and who gets to see what.
struct CredentialTests {
    enum Expected: Sendable, Equatable { case created, replaced, removed, refused(String) }

    typealias Write = (
        what: String, exists: Bool, removes: Bool, condition: Precondition, expected: Expected
    )

    // swift-format-ignore
    static let writes: [Write] = [
        ("put",                    false, false, .any,                     .created),
        ("put again",              true,  false, .any,                     .replaced),
        ("If-None-Match, free",    false, false, .absent(plain: false),    .created),
        ("If-None-Match, taken",   true,  false, .absent(plain: false),    .refused("revision-mismatch")),
        ("absent, taken",          true,  false, .absent(plain: true),     .refused("revision-mismatch")),
        ("If-Match: 2, current",   true,  false, .revision(Revision(2)),   .replaced),
        ("If-Match: 1, old",       true,  false, .revision(Revision(1)),   .refused("revision-mismatch")),
        ("If-Match: 2, none",      false, false, .revision(Revision(2)),   .refused("revision-mismatch")),
        ("remove",                 true,  true,  .any,                     .removed),
        ("remove nothing",         false, true,  .any,                     .refused("no-such-credential")),
        ("remove at revision",     true,  true,  .revision(Revision(2)),   .removed),
        ("remove at old revision", true,  true,  .revision(Revision(1)),   .refused("revision-mismatch")),
        ("remove unless there",    true,  true,  .absent(plain: false),    .refused("revision-mismatch")),
    ]

    @Test(arguments: writes)
    func conditions(_ row: Write) {
        var catalog = formedCatalog()
        if row.exists { catalog.putCredential("lake") }
        let before = (catalog.revision, catalog.stateDigest)
        let application =
            row.removes
            ? catalog.removeCredential("lake", if: row.condition)
            : catalog.putCredential("lake", closed(2), if: row.condition)

        let found: Expected
        switch application.outcome {
        case .credential(_, let isCreated): found = isCreated ? .created : .replaced
        case .credentialRemoved: found = .removed
        case .refused(let refusal): found = .refused(refusal.kind)
        case .clusterFormed, .worker, .mount, .mountRemoved, .ring, .job:
            found = .refused("another outcome")
        }
        #expect(found == row.expected, "\(row.what)")
        if case .refused = found {
            #expect((catalog.revision, catalog.stateDigest) == before, "\(row.what)")
            #expect(application.changes.isEmpty)
        } else {
            #expect(catalog.revision == before.0.next, "\(row.what)")
            #expect(application.changes.map(\.key) == ["credentials/lake"])
        }
    }

    // swift-format-ignore
    static let refused: [(what: String, name: String, sealed: SealedCredential)] = [
        ("no name",        "",       closed(1)),
        ("a slash",        "a/b",    closed(1)),
        ("a hidden name",  ".lake",  closed(1)),
        ("nothing sealed", "lake",   closed(1, [])),
        ("too much",       "lake",   closed(1, [UInt8](repeating: 0, count: CatalogLimits.credentialByteCount + 1))),
        ("no field",       "lake",   SealedCredential(keyID: CredentialKeyID(1), fields: [], bytes: [1])),
        ("a value as a field", "lake", SealedCredential(keyID: CredentialKeyID(1), fields: ["se=cret"], bytes: [1])),
    ]

    @Test(arguments: refused)
    func whatIsNoCredentialIsRefused(_ row: (what: String, name: String, sealed: SealedCredential))
    {
        var catalog = formedCatalog()
        #expect(
            catalog.putCredential(row.name, row.sealed).refusal?.kind == "bad-value",
            "\(row.what)"
        )
    }

    @Test func aCredentialThatMountsNameStays() {
        var catalog = formedCatalog()
        catalog.putCredential("lake")
        for number in 0..<4 {
            catalog.put(ByteString("/d\(number)"), Mount(origin: "s3://b", credential: "lake"))
        }
        catalog.put("/other", Mount(origin: "s3://b", credential: "lake2"))
        for number in 4..<7 {
            let override = region("us", credential: "lake")
            catalog.put(ByteString("/d\(number)"), Mount(origin: "s3://b", regions: [override]))
        }
        #expect(
            catalog.removeCredential("lake").refusal
                == .credentialInUse(by: ["/d0", "/d1", "/d2", "/d3", "/d4"], count: 7)
        )
        #expect(catalog.mounts(naming: "lake").count == 7)
        #expect(catalog.removeCredential("lake", .always).refusal == nil)
        #expect(catalog.credentials.isEmpty)
    }

    @Test func thereIsABoundOnHowManyThereAre() {
        var catalog = formedCatalog()
        for number in 0..<CatalogLimits.credentialCount { catalog.putCredential("c\(number)") }
        #expect(catalog.putCredential("one-more").refusal?.kind == "full")
        #expect(catalog.putCredential("c7", closed(9)).credential?.keyID == CredentialKeyID(9))
    }

    /// What watchers see, what is remembered for a repetition, and what a mirror has: never the bytes.
    @Test func theBytesAreInTheCatalogAlone() throws {
        let bytes = Array("0123456789abcdef".utf8)
        var catalog = formedCatalog()
        var history = ChangeHistory(after: catalog.revision)
        let application = catalog.perform(
            .putCredential(name: "lake", closed(1, bytes), .any),
            key: "k",
            fingerprint: 4
        )
        history.append(application.changes)
        #expect(!contains(application.outcome.encode(), bytes))
        #expect(!"\(application) \(catalog.liveKeys(prefix: "")) \(history)".contains("48, 49, 50"))
        #expect(catalog.sealedCredential(named: "lake")?.bytes == bytes)
        #expect(contains(catalog.encodeSnapshot(), bytes))

        var mirror = Catalog()
        for live in catalog.liveKeys(prefix: "") {
            let isTaken = mirror.mirror(live.key, live.value)
            #expect(isTaken)
        }
        #expect(mirror.credentials == catalog.credentials)
        #expect(mirror.sealedCredential(named: "lake") == nil)
        let isGone = mirror.mirror("credentials/lake", nil)
        #expect(isGone && mirror.credentials.isEmpty)
    }

    @Test func snapshotsBackupsAndSuccessorsKeepThem() throws {
        var catalog = formedCatalog()
        catalog.putCredential("lake", closed(3))
        let read = try Catalog(decodingSnapshot: catalog.encodeSnapshot())
        #expect(read.sealedCredential(named: "lake") == closed(3))
        #expect(read.stateDigest == catalog.stateDigest)
        let isSound = catalog.inspect()
        #expect(isSound && catalog.isIntact)

        let next = try catalog.beginningAnew(
            as: clusterEntry(2).id,
            founder: .survivor(store(1))
        )
        #expect(next.sealedCredential(named: "lake") == closed(3))
        #expect(next.isIntact)
    }

    @Test func watchersOfThePrefixSeeNothingElse() {
        var catalog = formedCatalog()
        catalog.putCredential("b")
        catalog.putCredential("a")
        catalog.put("/credentials/x")
        let keys: [ByteString] = ["credentials/a", "credentials/b"]
        #expect(catalog.liveKeys(prefix: "credentials/").map(\.key) == keys)
        #expect(catalog.liveKeys(prefix: "credentials/b").map(\.key) == ["credentials/b"])
        #expect(Array(catalog.liveKeys(prefix: "").map(\.key).prefix(2)) == keys)
    }

    private func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
        bytes.indices.contains { bytes[$0...].starts(with: part) }
    }
}

// MARK: - The naive model

/// A credential, written down once more in the most obvious way.
struct NaiveCredential: Equatable {
    var sealed: SealedCredential
    var createRevision: UInt64
    var modRevision: UInt64
}

extension NaiveCatalog {
    mutating func put(
        _ sealed: SealedCredential,
        named name: String,
        if precondition: Precondition
    ) -> String {
        let old = credentials[name]
        guard Self.isMet(precondition, by: old) else { return "revision-mismatch" }
        revision += 1
        credentials[name] = NaiveCredential(
            sealed: sealed,
            createRevision: old?.createRevision ?? revision,
            modRevision: revision
        )
        return old == nil ? "created" : "replaced"
    }

    mutating func removeCredential(
        named name: String,
        if precondition: Precondition,
        _ removal: CredentialRemoval
    ) -> String {
        guard let old = credentials[name] else { return "no-such-credential" }
        guard Self.isMet(precondition, by: old) else { return "revision-mismatch" }
        let isUsed = mounts.values.contains { $0.mount.credential == name }
        if isUsed, removal == .ifUnused { return "credential-in-use" }
        revision += 1
        credentials[name] = nil
        return "removed"
    }

    private static func isMet(_ precondition: Precondition, by old: NaiveCredential?) -> Bool {
        switch precondition {
        case .any: true
        case .absent: old == nil
        case .revision(let asked): old?.modRevision == asked.rawValue
        }
    }
}

func expectCredentials(of catalog: Catalog, _ model: NaiveCatalog, _ seed: UInt64) {
    #expect(catalog.credentials.map(\.name) == model.credentials.keys.sorted(), "seed \(seed)")
    for entry in catalog.credentials {
        let found = catalog.sealedCredential(named: entry.name).map {
            NaiveCredential(
                sealed: $0,
                createRevision: entry.createRevision.rawValue,
                modRevision: entry.modRevision.rawValue
            )
        }
        #expect(found == model.credentials[entry.name], "seed \(seed)")
    }
}
