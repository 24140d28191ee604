// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import CatalogCore
import NIOCore
import NIOPosix
import Origins
import Primitives
import Synchronization
import TestKit

/// A factory with its client and pool, ended with `body`; keeps every record.
final class OriginRig: Sendable {
    let factory: OriginFactory
    private let kept = Mutex<[OriginRequestRecord]>([])

    private let observer: OriginObserver

    private init(factory: OriginFactory, observer: @escaping OriginObserver) {
        self.factory = factory
        self.observer = observer
    }

    static func run(
        limits: OriginLimits = OriginLimits(),
        idle: Duration = .seconds(10),
        files: [String: String] = [:],
        environment: [String: String] = [:],
        vault: CredentialVault? = nil,
        fileOrigins: FileOriginPolicy = .any,
        observer: @escaping OriginObserver = { _ in },
        _ body: (OriginRig) async throws -> Void
    ) async throws {
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: OriginHTTPClient.configuration(idle: idle)
        )
        let pool = NIOThreadPool(numberOfThreads: 2)
        pool.start()
        let rig = OriginRig(
            factory: OriginFactory(
                client: client,
                pool: pool,
                credentials: CredentialStore(
                    files: files,
                    environment: environment,
                    vault: vault
                ),
                fileOrigins: fileOrigins,
                limits: limits
            ),
            observer: observer
        )
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(rig))
        } catch {
            outcome = .failure(error)
        }
        try await client.shutdown()
        try await pool.shutdownGracefully()
        try outcome.get()
    }

    /// Everything that was recorded since the last call.
    func records() -> [OriginRequestRecord] {
        kept.withLock { kept in
            defer { kept = [] }
            return kept
        }
    }

    func origin(
        _ uri: String,
        options: [String: String] = [:],
        credential: String? = nil
    ) throws -> any Origin {
        let request = OriginRequest(
            location: try OriginLocation(uri: uri),
            options: options.sorted { $0.key < $1.key }
                .map { MountOption(key: $0.key, value: $0.value) },
            credential: credential
        )
        return try factory.origin(for: request) { record in
            self.kept.withLock { $0.append(record) }
            self.observer(record)
        }
    }

    /// Where a bucket's requests with this credential get their signature from.
    func credentialSource(_ credential: String) throws -> String {
        try factory.describeCredentials(
            of: OriginRequest(
                location: try OriginLocation(uri: "s3://bucket"),
                options: [],
                credential: credential
            )
        )
    }
}

/// The credentials that ``S3Server`` wants.
let serverEnvironment = [
    "AWS_ACCESS_KEY_ID": S3Server.accessKey, "AWS_SECRET_ACCESS_KEY": S3Server.secretKey,
]

extension Origin {
    /// All pages of a listing.
    func listAll(
        prefix: ByteString = "",
        isDelimited: Bool = false,
        limit: Int = 1000
    ) async throws -> (objects: [OriginObject], prefixes: [ByteString], pages: [OriginListing]) {
        var pages: [OriginListing] = []
        var next: ByteString?
        repeat {
            let page = try await list(
                OriginListQuery(
                    prefix: prefix,
                    isDelimited: isDelimited,
                    continuation: next,
                    limit: limit
                )
            )
            pages.append(page)
            next = page.next
        } while next != nil && pages.count < 1000
        return (pages.flatMap(\.objects), pages.flatMap(\.prefixes), pages)
    }
}

/// Bytes that differ from key to key and from place to place.
func content(of key: ByteString, count: Int) -> [UInt8] {
    var random = SplitMix64(seed: XXH64.hash(key.bytes))
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count {
        var word = random.next()
        for _ in 0..<8 {
            bytes.append(UInt8(truncatingIfNeeded: word))
            word >>= 8
        }
    }
    return Array(bytes[..<count])
}
