// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Foundation
import NIOPosix
import Origins
import Primitives
import Synchronization
import SystemPackage
import TestKit
import Testing

/// A catalog and a worker's keys, without a cluster around them.
final class VaultRig: Sendable {
    let catalog = Mutex(Catalog())
    let scratch: ScratchDirectory

    init(cluster: UInt64 = 1) throws {
        scratch = try ScratchDirectory()
        let entry = ClusterEntry(
            id: ClusterID(UniqueID(high: 9, low: cluster)),
            generation: 1,
            survival: .zone,
            timing: .lan,
            featureLevel: 1,
            voters: [NodeID(1)]
        )
        let worker = WorkerRegistration(
            store: Self.store,
            name: "w1",
            region: "ap",
            zone: "a",
            addresses: WorkerAddresses(http: "h:1", s3: nil, data: "h:2", peer: "h:3", socket: nil),
            capacity: 1,
            version: "0",
            startedAtUnixMS: 0
        )
        perform(.genesis(entry, [worker]))
    }

    static let store = StoreID(UniqueID(high: 7, low: 1))

    static func key(_ byte: UInt8) -> String { hexText([UInt8](repeating: byte, count: 32)) }

    var keyFile: String { scratch.path("keys").string }

    func write(keys: [UInt8]) throws {
        let text = keys.map { Self.key($0) + "\n" }.joined()
        try Data(text.utf8).write(to: URL(filePath: keyFile))
    }

    func vault(keyFile: String? = nil, environment: [String: String] = [:]) -> CredentialVault {
        CredentialVault(keyFile: keyFile, environment: environment, pool: .singleton) {
            self.catalog.withLock { $0 }
        }
    }

    @discardableResult
    func perform(_ operation: CatalogCommand.Operation) -> CatalogOutcome {
        catalog.withLock { $0.apply(CatalogCommand(operation: operation)).outcome }
    }

    /// Seals with `vault` and stores.
    @discardableResult
    func put(
        _ secret: String,
        named name: String = "lake",
        access: String = "AK",
        by vault: CredentialVault
    ) async throws -> SealedCredential {
        let value = CredentialValue([
            (name: "accessKeyId", value: access), (name: "secretAccessKey", value: secret),
        ])
        let credentials = try #require(S3Credentials(value))
        let sealed = try await vault.seal(credentials, named: name)
        perform(.putCredential(name: name, sealed, .any))
        return sealed
    }

    func obstacle(_ vault: CredentialVault) -> CredentialObstacle? { vault.obstacles.first }
}

@Suite struct CredentialVaultTests {
    @Test func withoutAKeyNothingIsClosed() async throws {
        let rig = try VaultRig()
        await #expect(throws: CredentialVault.SealError.noKey) {
            try await rig.put("s", by: rig.vault())
        }
        let missing = rig.vault(keyFile: "/nowhere")
        await #expect(throws: CredentialVault.SealError.badKeys("cannot read /nowhere")) {
            try await rig.put("s", by: missing)
        }
        let wrong = rig.vault(environment: [CredentialVault.keyVariable: "hunter2"])
        let said = """
            TARN_CREDENTIAL_KEYS: line 1 is no key; allowed are 64 hex digits, or base64 of 32 bytes
            """
        await #expect(throws: CredentialVault.SealError.badKeys(said)) {
            try await rig.put("s", by: wrong)
        }
    }

    @Test func aWorkerWithoutTheKeySaysWhichItLacks() async throws {
        let rig = try VaultRig()
        try rig.write(keys: [1])
        let vault = rig.vault(keyFile: rig.keyFile)
        let sealed = try await rig.put("s", by: vault)
        #expect(sealed.fields == ["accessKeyId", "secretAccessKey"])
        #expect(rig.obstacle(vault) == nil)

        let stranger = rig.vault(environment: [CredentialVault.keyVariable: VaultRig.key(2)])
        await stranger.load()
        let obstacle = try #require(rig.obstacle(stranger))
        #expect(obstacle.cause == .keyMissing && obstacle.key == sealed.keyID)
        #expect(obstacle.reason.contains("\(sealed.keyID)"))
    }

    /// The whole of a rotation: the new key opens everywhere before it seals anywhere.
    @Test func keysChangeWithoutARestart() async throws {
        let rig = try VaultRig()
        try rig.write(keys: [1])
        let vault = rig.vault(keyFile: rig.keyFile)
        let old = try await rig.put("s", by: vault)
        try rig.write(keys: [1, 2])
        await vault.load()
        #expect(vault.keyIDs.count == 2)
        #expect(try await vault.reseal("lake") == nil, "the first key seals, and it is the same")

        try rig.write(keys: [2, 1])
        let anew = try #require(try await vault.reseal("lake"))
        #expect(anew.sealed.keyID != old.keyID && anew.sealed.bytes != old.bytes)
        #expect(anew.revision == Revision(2))
        rig.perform(.putCredential(name: "lake", anew.sealed, .revision(anew.revision)))
        #expect(try await vault.reseal("lake") == nil)
        try rig.write(keys: [2])
        await vault.load()
        #expect(rig.obstacle(vault) == nil, "the old key is not needed any more")

        try rig.write(keys: [3])
        await vault.load()
        #expect(rig.obstacle(vault)?.cause == .keyMissing)
        await #expect(throws: CredentialVault.SealError.self) { try await vault.reseal("lake") }
        #expect(try await vault.reseal("nothing") == nil)
    }

    /// Half a file, for a moment or for longer, costs no reader anything.
    @Test func aFileThatIsNoKeyringLeavesTheKeysThatWere() async throws {
        let rig = try VaultRig()
        try rig.write(keys: [1])
        let vault = rig.vault(keyFile: rig.keyFile)
        try await rig.put("s", by: vault)
        let before = vault.keyIDs
        for text in ["hunter2", "", VaultRig.key(1) + "\n" + VaultRig.key(2).dropLast()] {
            try Data(text.utf8).write(to: URL(filePath: rig.keyFile))
            await vault.load()
            #expect(vault.keyIDs == before && vault.obstacles.isEmpty, "\(text)")
            let trouble = try #require(vault.trouble)
            #expect(trouble.hasPrefix(rig.keyFile) && !trouble.contains("hunter2"), "\(trouble)")
            await #expect(throws: CredentialVault.SealError.badKeys(trouble)) {
                try await rig.put("t", by: vault)
            }
        }
        try rig.write(keys: [2])
        await vault.load()
        #expect(vault.trouble == nil && vault.keyIDs.count == 1 && vault.keyIDs != before)
    }

    @Test func whatWasSealedUnderAnotherNameOrElsewhereIsBroken() async throws {
        let rig = try VaultRig()
        let vault = rig.vault(environment: [CredentialVault.keyVariable: VaultRig.key(1)])
        let sealed = try await rig.put("s", by: vault)
        rig.perform(.putCredential(name: "other", sealed, .any))
        #expect(vault.obstacles.map(\.name) == ["other"])
        #expect(vault.obstacles.map(\.cause) == [.broken])

        let elsewhere = try VaultRig(cluster: 2)
        elsewhere.perform(.putCredential(name: "lake", sealed, .any))
        let there = elsewhere.vault(environment: [CredentialVault.keyVariable: VaultRig.key(1)])
        await there.load()
        #expect(elsewhere.obstacle(there)?.cause == .broken)
    }

    /// A restored cluster has another id, and goes on opening what it took over.
    @Test func aSuccessorOpensWhatItsAncestorsSealed() async throws {
        let rig = try VaultRig()
        let vault = rig.vault(environment: [CredentialVault.keyVariable: VaultRig.key(1)])
        try await rig.put("s", by: vault)
        try rig.catalog.withLock { catalog in
            for number: UInt64 in 2...4 {
                catalog = try catalog.beginningAnew(
                    as: ClusterID(UniqueID(high: 9, low: number)),
                    founder: .survivor(VaultRig.store)
                )
            }
        }
        #expect(vault.obstacles.isEmpty)
        let anew = try #require(try await vault.reseal("lake"), "the same key, another cluster")
        rig.perform(.putCredential(name: "lake", anew.sealed, .revision(anew.revision)))
        #expect(vault.obstacles.isEmpty)
        #expect(try await vault.reseal("lake") == nil)
    }

    @Test func fingerprintsDependOnTheKey() async throws {
        let rig = try VaultRig()
        let one = rig.vault(environment: [CredentialVault.keyVariable: VaultRig.key(1)])
        let two = rig.vault(environment: [CredentialVault.keyVariable: VaultRig.key(2)])
        let bytes = Array("secret".utf8)
        let first = try await one.fingerprint(of: bytes)
        #expect(try await one.fingerprint(of: bytes) == first)
        #expect(try await one.fingerprint(of: bytes + [0]) != first)
        #expect(try await two.fingerprint(of: bytes) != first)
        #expect(first != XXH64.hash(bytes))
    }
}

/// What signs a mount's requests when the cluster keeps a credential, against a server that checks.
@Suite(.serialized) struct ReplicatedCredentialTests {
    private static let query = OriginListQuery(prefix: "", isDelimited: false)

    private func outcome(_ origin: any Origin) async -> OriginError? {
        do throws(OriginError) {
            _ = try await origin.list(Self.query)
            return nil
        } catch {
            return error
        }
    }

    @Test func anOpenOriginFollowsTheClustersCredential() async throws {
        let server = try await S3Server(.rclone)
        try await server.put([("k", [1, 2, 3])], bucket: "bucket")
        let vaults = try VaultRig()
        let vault = vaults.vault(environment: [CredentialVault.keyVariable: VaultRig.key(1)])
        let local = "\(server.directory)/local"
        let text = "[default]\naccess_key = \(S3Server.accessKey)\nsecret_key = local-wrong\n"
        try Data(text.utf8).write(to: URL(filePath: local))

        try await OriginRig.run(files: ["lake": local], vault: vault) { rig in
            let origin = try rig.origin(
                "s3://bucket",
                options: ["endpoint": server.endpoint],
                credential: "lake"
            )
            let refused = OriginError.accessDenied(code: "SignatureDoesNotMatch")
            #expect(await outcome(origin) == refused, "the local one, which is wrong")
            #expect(try rig.credentialSource("lake") == "local credential lake")

            try await vaults.put(S3Server.secretKey, access: S3Server.accessKey, by: vault)
            #expect(await outcome(origin) == nil, "the replicated one wins, in the next request")
            #expect(try rig.credentialSource("lake") == "replicated credential lake")

            try await vaults.put("wrong again", access: S3Server.accessKey, by: vault)
            #expect(await outcome(origin) == refused)
            try await vaults.put(S3Server.secretKey, access: S3Server.accessKey, by: vault)
            #expect(await outcome(origin) == nil)

            vaults.perform(.removeCredential(name: "lake", .any, .ifUnused))
            #expect(await outcome(origin) == refused, "the local one again")
        }
    }

    @Test func withoutALocalOneTheNameIsUnknown() async throws {
        let vaults = try VaultRig()
        let vault = vaults.vault(environment: [CredentialVault.keyVariable: VaultRig.key(1)])
        try await vaults.put("s", by: vault)
        try await OriginRig.run(vault: vault) { rig in
            let options = ["endpoint": "http://127.0.0.1:1"]
            let origin = try rig.origin("s3://b", options: options, credential: "lake")
            vaults.perform(.removeCredential(name: "lake", .any, .ifUnused))
            #expect(await outcome(origin) == .unknownCredential("lake"))
            #expect(throws: OriginError.unknownCredential("other")) {
                try rig.origin("s3://b", options: options, credential: "other")
            }
        }
    }

    @Test func whatCannotBeOpenedFailsWithTheKeysName() async throws {
        let vaults = try VaultRig()
        let sealed = try await vaults.put(
            "s",
            by: vaults.vault(environment: [CredentialVault.keyVariable: VaultRig.key(1)])
        )
        try vaults.write(keys: [2])
        let vault = vaults.vault(keyFile: vaults.keyFile)
        try await OriginRig.run(vault: vault) { rig in
            let origin = try rig.origin(
                "s3://b",
                options: ["endpoint": "http://127.0.0.1:1"],
                credential: "lake"
            )
            guard case .misconfigured(let why) = await outcome(origin) else {
                Issue.record("it was used, or the store was asked")
                return
            }
            #expect(why.contains("credential lake is sealed with key \(sealed.keyID)"), "\(why)")
            #expect(rig.records().isEmpty, "nothing was sent")
        }
    }

    /// The store turns the old key away; while it does so, the new one is put.
    @Test func aRefusalIsTriedAgainOnceWithWhatCameMeanwhile() async throws {
        let server = try await S3Server(.rclone)
        try await server.put([("k", [1, 2, 3])], bucket: "bucket")
        let vaults = try VaultRig()
        let vault = vaults.vault(environment: [CredentialVault.keyVariable: VaultRig.key(1)])
        try await vaults.put("old", access: S3Server.accessKey, by: vault)
        let good = try await vault.sealed(S3Server.secretKey)
        let bad = try await vault.sealed("still wrong")

        for (next, tries) in [(good, 2), (bad, 2)] {
            try await vaults.put("old", access: S3Server.accessKey, by: vault)
            try await OriginRig.run(
                vault: vault,
                observer: { _ in vaults.perform(.putCredential(name: "lake", next, .any)) }
            ) { rig in
                let origin = try rig.origin(
                    "s3://bucket",
                    options: ["endpoint": server.endpoint],
                    credential: "lake"
                )
                let error = await outcome(origin)
                #expect((error == nil) == (next == good), "\(String(describing: error))")
                #expect(rig.records().count == tries, "once, however often it changes")
            }
        }
    }
}

extension CredentialVault {
    fileprivate func sealed(_ secret: String) async throws -> SealedCredential {
        let value = CredentialValue([
            (name: "accessKeyId", value: S3Server.accessKey),
            (name: "secretAccessKey", value: secret),
        ])
        return try await seal(try #require(S3Credentials(value)), named: "lake")
    }
}
