// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import Testing

struct CodingTests {
    static let fullMount = Mount(
        origin: "s3://bucket-a/p",
        options: [option("region", "r"), option("endpoint", "http://h")],
        credential: "key",
        regions: [region("us", origin: "file:///d", options: [], credential: "k2"), region("eu")],
        write: .none,
        replicas: 2,
        metadataTTL: .immutable,
        onStale: .fail(after: .seconds(30))
    )

    // swift-format-ignore
    static let commands: [CatalogCommand] = [
        CatalogCommand(operation: .genesis(clusterEntry(), firstWorkers)),
        CatalogCommand(operation: .register(registration("w4", store: 4))),
        CatalogCommand(operation: .activate(NodeID(4)), idempotency: Idempotency(key: "k", fingerprint: 5)),
        CatalogCommand(operation: .putMount(path: "/data/a", fullMount, .absent(plain: true))),
        CatalogCommand(operation: .putMount(path: "/data/a", Mount(origin: "s3://b"), .absent(plain: false))),
        CatalogCommand(operation: .putMount(path: ByteString([47, 0xFF]), Mount(origin: ""), .revision(Revision(.max)))),
        CatalogCommand(operation: .removeMount(path: "/data/a", .any)),
        CatalogCommand(operation: .putCredential(name: "lake", closed(7), .any)),
        CatalogCommand(operation: .removeCredential(name: "lake", .revision(Revision(4)), .ifUnused)),
        CatalogCommand(operation: .members(voters: [NodeID(1), NodeID(9)])),
        CatalogCommand(operation: .replace(registration("w4", store: 5), retiring: NodeID(4))),
        CatalogCommand(operation: .worker(.fence(NodeID(1)))),
        CatalogCommand(operation: .worker(.resume(NodeID(1)))),
        CatalogCommand(operation: .worker(.drain(WorkerDrain(NodeID(1), bytesPerSecond: 5, heirs: [NodeID(2)], isForced: true)))),
        CatalogCommand(operation: .worker(.undrain(NodeID(1)))),
        CatalogCommand(operation: .worker(.drained(NodeID(1), keepsVote: true))),
        CatalogCommand(operation: .worker(.remove(NodeID(1), isLost: true))),
        CatalogCommand(operation: .ring(.publish(region: "ap"))),
        CatalogCommand(operation: .ring(.settle(region: "ap", RingEpoch(7)))),
        CatalogCommand(operation: .ring(.hold(region: "ap", [NodeID(1), NodeID(2)]))),
        CatalogCommand(operation: .ring(.force(region: "ap"))),
        CatalogCommand(operation: .handoff(.settings(.init(bytesPerSecond: 9)))),
        CatalogCommand(operation: .handoff(.report(report(node: 1, epoch: 2, remaining: 3, moved: 4, isDone: true)))),
    ]

    @Test(arguments: commands)
    func commandsComeBack(_ command: CatalogCommand) throws {
        #expect(try CatalogCommand(decoding: command.encode()) == command)
    }

    static let outcomes: [CatalogOutcome] = {
        var catalog = formedCatalog()
        let entry = MountEntry(
            path: "/a",
            mount: fullMount,
            origins: [
                ResolvedOrigin(region: nil, origin: OriginID(1)),
                ResolvedOrigin(region: "us", origin: OriginID(2)),
            ],
            createRevision: Revision(3),
            modRevision: Revision(4)
        )
        let refusals: [CatalogRefusal] = [
            .mountExists(entry), .revisionMismatch(current: Revision(3)), .noSuchMount,
            .noSuchWorker, .badPath("p"), .badValue("v"), .unknownScheme("s"), .unknownOption("o"),
            .bucketNameTaken(by: "/b"), .idempotencyKeyReused,
            .nameTaken(by: store(1), node: NodeID(2)), .alreadyFormed(clusterEntry().id),
            .full("f"), .storeRetired(NodeID(3)), .unsafe("u"), .noSuchCredential,
            .credentialInUse(by: ["/a", "/b"], count: 9),
        ]
        let worker = catalog.perform(.register(registration("w4", store: 4))).outcome
        let credential = CredentialEntry(
            name: "lake",
            keyID: CredentialKeyID(7),
            fields: ["accessKeyId"],
            createRevision: Revision(3),
            modRevision: Revision(4)
        )
        let job = catalog.perform(.worker(.drain(WorkerDrain(NodeID(2))))).outcome
        let ring = catalog.perform(.ring(.publish(region: "ap"))).outcome
        return [
            .clusterFormed, worker, job, ring, .mount(entry, created: true), .mountRemoved(entry),
            .credential(credential, created: true), .credentialRemoved(credential),
        ]
            + refusals.map(CatalogOutcome.refused)
    }()

    @Test(arguments: outcomes)
    func outcomesComeBack(_ outcome: CatalogOutcome) throws {
        #expect(try CatalogOutcome(decoding: outcome.encode()) == outcome)
    }

    // MARK: - Golden bytes: what is on disks and wires of format 1

    @Test func theBytesOfAMountCommand() {
        let command = CatalogCommand(
            operation: .putMount(
                path: "/a",
                Mount(
                    origin: "s3://b",
                    options: [option("region", "r")],
                    regions: [region("us", origin: "s3://c")]
                ),
                .revision(Revision(7))
            ),
            idempotency: Idempotency(key: "k", fingerprint: 0x0102_0304_0506_0708),
            elapsedMS: 258,
            madeAtUnixMS: 66051
        )
        let golden = [
            "01", "0201000000000000",  // version, time
            "01" + "01000000" + "6b" + "0807060504030201",  // key, fingerprint
            "04" + "02000000" + "2f61",  // put; path
            "06000000" + "73333a2f2f62",  // origin
            "01000000" + "06000000" + "726567696f6e" + "01000000" + "72",  // options
            "00",  // no credential
            "01000000" + "02000000" + "7573" + "01" + "06000000" + "73333a2f2f63" + "0000",
            "00" + "01",  // write none, one replica
            "01" + "60ea000000000000" + "00",  // TTL 60 s, serve
            "02" + "0700000000000000",  // If-Match: 7
            "0302010000000000",  // made at
        ].joined()
        #expect(hexText(command.encode()) == golden)
        let late = CatalogCommand(
            operation: command.operation,
            idempotency: command.idempotency,
            elapsedMS: 1 << 40,
            madeAtUnixMS: 66051
        )
        #expect(CatalogCommand.stamped(command.encode(), elapsedMS: 1 << 40) == late.encode())
        #expect(CatalogCommand.stamped([1, 2, 3], elapsedMS: 7) == [1, 2, 3])
    }

    @Test func theBytesOfARegistration() {
        let command = CatalogCommand(operation: .register(registration("w", store: 5)))
        let golden = [
            "01", "0000000000000000", "00", "02",  // version, time, no key, register
            "0700000000000000" + "0500000000000000",  // store
            "01000000" + "77" + "02000000" + "6170",  // name, region
            "04000000" + "61702d61",  // zone
            "0e000000" + "3132372e302e302e313a37343030" + "00",  // http, no s3
            "0e000000" + "3132372e302e302e313a37343032",  // data
            "0e000000" + "3132372e302e302e313a37343033",  // peer
            "01" + "10000000" + "2f72756e2f7461726e2f772e736f636b",  // socket
            "0000004000000000" + "05000000" + "302e312e30",  // capacity, release
            "e803000000000000",  // started
            "0000000000000000",  // made at
        ].joined()
        #expect(hexText(command.encode()) == golden)
    }

    @Test func theBytesOfACredentialCommand() {
        let put = CatalogCommand(operation: .putCredential(name: "k", closed(0x0708), .any))
        let goldenPut = [
            "01", "0000000000000000", "00", "14",  // version, time, no key, put
            "01000000" + "6b" + "0807000000000000",  // name, key
            "01000000" + "01000000" + "61",  // fields
            "03000000" + "010203" + "03",  // what is closed, If-Match: *
            "0000000000000000",  // made at
        ].joined()
        #expect(hexText(put.encode()) == goldenPut)
        let removal = CatalogCommand(
            operation: .removeCredential(name: "k", .revision(Revision(7)), .always)
        )
        let goldenRemoval = [
            "01", "0000000000000000", "00", "15", "01000000" + "6b",
            "02" + "0700000000000000" + "01", "0000000000000000",
        ].joined()
        #expect(hexText(removal.encode()) == goldenRemoval)
    }

    @Test func theBytesOfOutcomes() {
        #expect(hexText(CatalogOutcome.clusterFormed.encode()) == "0101")
        #expect(hexText(CatalogOutcome.refused(.noSuchMount).encode()) == "010503")
        let mismatch = CatalogOutcome.refused(.revisionMismatch(current: Revision(258)))
        #expect(hexText(mismatch.encode()) == "0105020201000000000000")
    }

    /// The whole snapshot by its hash: any change of format 2 shows.
    @Test func theBytesOfASnapshot() {
        var catalog = formedCatalog()
        #expect(
            hexText(Catalog().encodeSnapshot()) == "02" + String(repeating: "0", count: 48)
                + "0100000000000000" + "00" + "00000000" + "00000000"
                + "0100000000000000" + "00000000" + "00000000" + "0100000000000000" + "00000000"
                + "00000000" + "0000000000000000" + "00000000" + "00000000" + "00000000"
                + "00000000" + "0ca7a8ee74becfa1"
        )
        catalog.perform(.putMount(path: "/a", Self.fullMount, .any), key: "k", fingerprint: 3)
        let snapshot = catalog.encodeSnapshot()
        #expect(snapshot.count == 1551)
        #expect(hexText(XXH64.hash(snapshot)) == "71995c0d7e50b058")
        #expect(hexText(catalog.stateDigest) == "a893b85e20514414")
    }

    // MARK: - Bytes nobody vouches for

    @Test func newerFormatsAreRefusedByName() {
        #expect(
            throws: ByteDecodingError.unsupportedVersion(of: "catalog command", found: 2, newest: 1)
        ) { try CatalogCommand(decoding: [2]) }
        #expect(
            throws: ByteDecodingError.unsupportedVersion(
                of: "catalog snapshot",
                found: 9,
                newest: 2
            )
        ) { try Catalog(decodingSnapshot: [9]) }
        #expect(
            throws: ByteDecodingError.unsupportedVersion(of: "catalog outcome", found: 2, newest: 1)
        ) { try CatalogOutcome(decoding: [2, 1]) }
        #expect(throws: ByteDecodingError.self) { try CatalogCommand(decoding: [0]) }
        #expect(throws: ByteDecodingError.self) { try CatalogCommand(decoding: []) }
    }

    @Test(arguments: commands)
    func aCutOrLongerCommandIsRefused(_ command: CatalogCommand) {
        let bytes = command.encode()
        for count in 0..<bytes.count {
            #expect(throws: ByteDecodingError.self) {
                try CatalogCommand(decoding: Array(bytes[..<count]))
            }
        }
        #expect(throws: ByteDecodingError.trailing(byteCount: 1)) {
            try CatalogCommand(decoding: bytes + [0])
        }
    }

    /// Goal: damaged bytes never trap, neither in decoding nor in what is done with the result.
    @Test(arguments: UInt64(1)...20)
    func damagedBytesNeverTrap(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        var source = CommandSource(generator: SplitMix64(seed: seed))
        var catalog = formedCatalog()
        for _ in 0..<40 {
            let command = source.next(revision: catalog.revision)
            if case .replace = command.operation { continue }  // Retires, which format 1 has not.
            _ = catalog.apply(command)
        }
        // Without its end: that of format 1, which has no digest that would stop all of them.
        let snapshot = try Self.formerSnapshot(catalog)
        var survivors = 0

        for _ in 0..<150 {
            let damaged = Self.damaged(snapshot, using: &generator)
            guard var subject = try? Catalog(decodingSnapshot: damaged) else { continue }
            survivors += 1
            for _ in 0..<10 {
                let command = Self.damaged(
                    source.next(revision: subject.revision).encode(),
                    using: &generator
                )
                if let command = try? CatalogCommand(decoding: command) {
                    _ = subject.apply(command)
                }
                _ = subject.apply(source.next(revision: subject.revision))
            }
            for entry in subject.mounts() { _ = subject.resolve(entry.path, region: "eu") }
            _ = subject.liveKeys(prefix: "")
            _ = subject.childrenOfVirtualDirectory("/")
        }
        #expect(survivors > 0, "seed \(seed): nothing got past decoding")
        for _ in 0..<150 {
            let damaged = Self.damaged(catalog.encodeSnapshot(), using: &generator)
            let taken = try? Catalog(decodingSnapshot: damaged)
            #expect(taken == nil || taken?.stateDigest == catalog.stateDigest)
        }
        for outcome in Self.outcomes {
            for _ in 0..<20 {
                _ = try? CatalogOutcome(
                    decoding: Self.damaged(outcome.encode(), using: &generator)
                )
            }
        }
    }

    /// A snapshot of format 1: what it knows of, and nothing behind that.
    static func formerSnapshot(_ catalog: Catalog) throws -> [UInt8] {
        let whole = [1] + catalog.encodeSnapshot().dropFirst()
        do {
            _ = try Catalog(decodingSnapshot: whole)
        } catch .trailing(let byteCount) {
            return whole.dropLast(byteCount)
        }
        return whole
    }

    private static func damaged(_ bytes: [UInt8], using generator: inout SplitMix64) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let position = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes[position] = 0xFF
            case 1: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2: bytes[position] = UInt8.random(in: .min ... .max, using: &generator)
            default: bytes.removeLast(min(bytes.count - 1, position % 7))
            }
        }
        return bytes
    }
}
