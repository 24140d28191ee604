// SPDX-License-Identifier: Apache-2.0
package import AsyncHTTPClient
package import CatalogCore
import NIOCore
package import NIOPosix
import NIOSSL
package import Primitives
import Synchronization

/// Which directories `file://` mounts may use.
package enum FileOriginPolicy: Sendable, Hashable {
    case any
    /// These and everything below them; empty: none.
    case below([ByteString])

    fileprivate var directories: [ByteString]? {
        switch self {
        case .any: nil
        case .below(let directories): directories
        }
    }
}

/// What a mount says about its origin in one region.
package struct OriginRequest: Hashable, Sendable {
    package let location: OriginLocation
    /// The region's options if it has its own, else the mount's.
    package let options: [MountOption]
    package let credential: String?

    package init(location: OriginLocation, options: [MountOption], credential: String?) {
        self.location = location
        self.options = options
        self.credential = credential
    }
}

/// Makes origins, and lets those of one store share its budget, credentials and connections.
package final class OriginFactory: Sendable {
    private let client: HTTPClient
    private let blocking: BlockingIO
    private let credentials: CredentialStore
    private let fileOrigins: FileOriginPolicy
    private let limits: OriginLimits
    private let shared = Mutex(Shared())

    private struct Shared {
        var stores: [StoreKey: S3Store] = [:]
        var directories: [ByteString: OriginGate] = [:]
    }

    private struct StoreKey: Hashable {
        let bucket: String
        let options: S3Options
        let credential: String?
    }

    /// Stores that are remembered; one more and all are forgotten, which costs a reconnection.
    private static let rememberedLimit = 1024

    /// Sets up what all origins share.
    ///
    /// `client` is made with ``OriginHTTPClient/configuration(connect:idle:connectionsPerHost:)``, `pool`
    /// runs all file calls, and nothing else: those of a dead NFS server keep their threads. The caller
    /// starts and ends both.
    package init(
        client: HTTPClient,
        pool: NIOThreadPool,
        credentials: CredentialStore,
        fileOrigins: FileOriginPolicy,
        limits: OriginLimits = OriginLimits()
    ) {
        self.client = client
        self.blocking = BlockingIO(pool: pool)
        self.credentials = credentials
        self.fileOrigins = fileOrigins
        self.limits = limits
    }

    /// The origin of a mount; cheap after the first of its store.
    ///
    /// Reads the CA file if there is one, but asks no store.
    /// `observer` is told about this mount's requests only.
    ///
    /// - Throws: ``OriginError/misconfigured(_:)`` naming the option, credential or directory.
    package func origin(
        for request: OriginRequest,
        observer: @escaping OriginObserver
    ) throws(OriginError) -> any Origin {
        switch request.location {
        case .s3(let bucket, _):
            S3Origin(store: try store(bucket, request), observer: observer)
        case .directory(let root):
            try directory(root, observer)
        }
    }

    /// Where a mount's credentials come from, for people to read; never a value.
    package func describeCredentials(
        of request: OriginRequest
    ) throws(OriginError) -> String {
        guard case .s3 = request.location else { return "none needed" }
        if try S3Options(request.options).isAnonymous { return "anonymous" }
        return try source(request.credential).describe()
    }

    /// Every store and directory asked so far, by its URI, and whether it is being left alone.
    package var breakers: [(origin: String, isOpen: Bool)] {
        let (stores, directories) = shared.withLock { ($0.stores, $0.directories) }
        var isOpen: [String: Bool] = [:]
        for (key, store) in stores {
            isOpen["s3://\(key.bucket)", default: false] =
                isOpen["s3://\(key.bucket)", default: false] || store.gate.isOpen
        }
        for (root, gate) in directories { isOpen["file://\(root)"] = gate.isOpen }
        return isOpen.sorted { $0.key < $1.key }.map { (origin: $0.key, isOpen: $0.value) }
    }

    // MARK: - Parts

    private func store(
        _ bucket: String,
        _ request: OriginRequest
    ) throws(OriginError) -> S3Store {
        let options = try S3Options(request.options)
        let key = StoreKey(bucket: bucket, options: options, credential: request.credential)
        if let known = shared.withLock({ $0.stores[key] }) { return known }

        let made = S3Store(
            bucket: bucket,
            options: options,
            credentials: try source(options.isAnonymous ? nil : request.credential),
            tls: try options.caFile.map(Self.trust),
            client: client,
            limits: limits
        )
        return shared.withLock { shared in
            if let known = shared.stores[key] { return known }  // Somebody was faster: one budget.
            if shared.stores.count >= Self.rememberedLimit { shared.stores = [:] }
            shared.stores[key] = made
            return made
        }
    }

    private func directory(
        _ root: ByteString,
        _ observer: @escaping OriginObserver
    ) throws(OriginError) -> DirectoryOrigin {
        if let allowed = fileOrigins.directories {
            guard allowed.contains(where: { root.lies(in: $0) }) else {
                throw .misconfigured("directory \(root) is not below file-origins of this worker")
            }
        }
        let limits = limits
        let gate = shared.withLock { shared in
            if let known = shared.directories[root] { return known }
            if shared.directories.count >= Self.rememberedLimit { shared.directories = [:] }
            let made = OriginGate(limits: limits, requestsInFlight: limits.fileCallsInFlight)
            shared.directories[root] = made
            return made
        }
        return DirectoryOrigin(
            root: root,
            allowed: fileOrigins.directories,
            blocking: blocking,
            gate: gate,
            limits: limits,
            observer: observer
        )
    }

    private func source(_ credential: String?) throws(OriginError) -> CredentialSource {
        let identity = try WebIdentity(
            environment: credentials.webIdentitySettings,
            client: client
        )
        return CredentialSource(
            places: try credentials.places(named: credential, webIdentity: identity),
            blocking: blocking
        )
    }

    /// The usual roots and those of the file.
    private static func trust(_ caFile: String) throws(OriginError) -> TLSConfiguration {
        guard let bytes = SmallFile.read(caFile, limit: 1 << 20) else {
            throw .misconfigured("option ca-file: cannot read \(caFile)")
        }
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes),
            !certificates.isEmpty
        else { throw .misconfigured("option ca-file: \(caFile) holds no PEM certificate") }

        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.additionalTrustRoots = [.certificates(certificates)]
        return configuration
    }
}
