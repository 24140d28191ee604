// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import Testing

struct IdempotencyTests {
    static let put = CatalogCommand.Operation.putMount(
        path: "/a",
        Mount(origin: "s3://b"),
        .absent(plain: true)
    )

    @Test func aRepetitionGivesTheFirstOutcomeAgain() {
        var catalog = formedCatalog()
        let first = catalog.perform(Self.put, key: "k", fingerprint: 1)
        catalog.perform(.removeMount(path: "/a", .any))
        let before = (catalog.revision, catalog.stateDigest)

        let again = catalog.perform(Self.put, key: "k", fingerprint: 1)
        #expect(again.outcome == first.outcome && again.changes.isEmpty)
        #expect((catalog.revision, catalog.stateDigest) == before)
        #expect(catalog.mount(at: "/a") == nil)
    }

    @Test func aRefusalIsRememberedToo() {
        var catalog = formedCatalog()
        catalog.put("/a")
        let first = catalog.perform(Self.put, key: "k", fingerprint: 1)
        #expect(first.refusal?.kind == "mount-exists")
        catalog.perform(.removeMount(path: "/a", .any))
        #expect(catalog.perform(Self.put, key: "k", fingerprint: 1).outcome == first.outcome)
    }

    @Test func anotherRequestUnderTheKeyIsRefused() {
        var catalog = formedCatalog()
        catalog.perform(Self.put, key: "k", fingerprint: 1)
        let digest = catalog.stateDigest
        let other = catalog.perform(Self.put, key: "k", fingerprint: 2)
        #expect(other.refusal == .idempotencyKeyReused)
        #expect(catalog.stateDigest == digest)
    }

    // swift-format-ignore
    static let keys: [(key: String, isValid: Bool)] = [
        ("k", true), (" !~", true), (String(repeating: "k", count: 64), true),
        ("", false), (String(repeating: "k", count: 65), false), ("a\nb", false), ("ü", false), ("\u{7F}", false),
    ]

    @Test(arguments: keys)
    func keySyntax(_ row: (key: String, isValid: Bool)) {
        var catalog = formedCatalog()
        #expect((catalog.perform(Self.put, key: row.key).refusal == nil) == row.isValid)
        #expect((catalog.mount(at: "/a") != nil) == row.isValid)
    }

    /// Goal: within ten minutes nothing is forgotten, however much there is; then the oldest are.
    @Test func noKeyIsForgottenWithinTenMinutes() {
        var catalog = Catalog(repetitionLimit: 10)
        catalog.perform(.genesis(clusterEntry(), firstWorkers))
        let refused = CatalogCommand.Operation.activate(NodeID(99))
        for number in 1...50 {
            catalog.perform(refused, key: "k\(number)", fingerprint: 1, atMS: UInt64(number))
        }
        func isRemembered(_ number: Int, atMS: UInt64) -> Bool {
            var copy = catalog
            let again = copy.perform(refused, key: "k\(number)", fingerprint: 2, atMS: atMS)
            return again.refusal == .idempotencyKeyReused
        }
        #expect((1...50).allSatisfy { isRemembered($0, atMS: 600_000) })
        catalog.perform(refused, key: "late", fingerprint: 1, atMS: 600_020)
        #expect((1...50).filter { isRemembered($0, atMS: 600_020) } == Array(21...50))
        catalog.perform(refused, key: "later", fingerprint: 1, atMS: 3_000_000)
        #expect((1...50).filter { isRemembered($0, atMS: 3_000_000) } == Array(43...50))
    }

    /// Goal: the bytes are bounded too, by refusing new keys and never by forgetting young ones.
    @Test func aFullTableRefusesNewKeysUntilSomeMayGo() {
        var catalog = Catalog(repetitionByteLimit: 2_000)
        catalog.perform(.genesis(clusterEntry(), firstWorkers))
        let operation = CatalogCommand.Operation.activate(NodeID(99))
        var taken = 0
        while catalog.perform(operation, key: "k\(taken)", atMS: 1).refusal == .noSuchWorker {
            taken += 1
            guard taken < 2_000 else { break }
        }
        #expect((10..<1_000).contains(taken))
        let refused = catalog.perform(operation, key: "one more", atMS: 600_000)
        #expect(refused.refusal?.kind == "full")
        #expect(
            catalog.perform(operation, key: "k0", fingerprint: 2).refusal == .idempotencyKeyReused
        )
        #expect(catalog.perform(operation, atMS: 600_000).refusal == .noSuchWorker, "without a key")
        let late = catalog.perform(operation, key: "one more", atMS: 600_001)
        #expect(late.refusal == .noSuchWorker, "carried out: the refusal was not remembered")
    }

    @Test func timeNeverGoesBack() {
        var catalog = formedCatalog()
        catalog.perform(Self.put, atMS: 70)
        catalog.perform(Self.put, atMS: 30)
        #expect(catalog.elapsedMS == 70)
    }

    /// Goal: the table is bounded, and the oldest by log order leaves first, through snapshots too.
    @Test func theOldestKeyIsForgotten() throws {
        let limit = 300
        var catalog = Catalog(repetitionLimit: limit)
        catalog.perform(.genesis(clusterEntry(), firstWorkers))
        let refused = CatalogCommand.Operation.activate(NodeID(99))
        for number in 1...limit { catalog.perform(refused, key: "k\(number)", fingerprint: 1) }
        #expect(
            catalog.perform(refused, key: "k1", fingerprint: 2).refusal == .idempotencyKeyReused
        )

        let copy = try Catalog(
            decodingSnapshot: catalog.encodeSnapshot(),
            repetitionLimit: limit
        )
        #expect(copy.stateDigest == catalog.stateDigest)
        var digests: [UInt64] = []
        for replica in [catalog, copy] {
            var subject = replica
            subject.perform(refused, key: "one more", fingerprint: 1, atMS: 600_000)
            let first = subject.perform(refused, key: "k1", fingerprint: 2)
            #expect(first.refusal == .noSuchWorker, "k1 was forgotten; asking drove k2 out")
            let third = subject.perform(refused, key: "k3", fingerprint: 2)
            #expect(third.refusal == .idempotencyKeyReused, "k3 is still there")
            digests.append(subject.stateDigest)
        }
        #expect(digests[0] == digests[1])
    }

    @Test func aHundredThousandKeysAreTheDefault() {
        #expect(CatalogLimits.repetitionCount == 100_000)
    }
}
