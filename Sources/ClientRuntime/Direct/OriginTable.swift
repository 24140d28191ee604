// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import Origins
package import Primitives
package import Telemetry

/// Makes the origin that a mount names: ``OriginFactory``, but for tests.
package protocol OriginSource: Sendable {
    /// - Throws: ``OriginError/misconfigured(_:)``.
    func origin(
        for request: OriginRequest,
        observer: @escaping OriginObserver
    ) throws(OriginError) -> any Origin

    /// Where a mount's credentials come from; never a value.
    func describeCredentials(of request: OriginRequest) throws(OriginError) -> String
}

extension OriginFactory: OriginSource {}

/// The origins of this worker's region, as the mount table names them now.
///
/// Cheap to ask: the factory keeps stores, credentials and connections.
package struct OriginTable: Sendable {
    private let factory: any OriginSource
    private let region: String
    private let catalog: @Sendable () -> Catalog
    private let metrics: OriginMetrics

    package init(
        factory: any OriginSource,
        region: String,
        catalog: @escaping @Sendable () -> Catalog,
        metrics: MetricRegistry
    ) {
        self.factory = factory
        self.region = region
        self.catalog = catalog
        self.metrics = OriginMetrics(registry: metrics)
    }

    /// What `path` means in this region; `nil` where no mount covers it.
    func resolve(_ path: ByteString) -> Resolution? {
        catalog().resolve(path, region: region)
    }

    /// Names below `path` that exist because mounts lie there.
    func virtualChildren(of path: ByteString) -> [ByteString] {
        catalog().childrenOfVirtualDirectory(path)
    }

    /// The mount at exactly this path, as this region sees it.
    package func mount(
        at path: ByteString
    ) -> (entry: MountEntry, origin: OriginID, request: OriginRequest)? {
        guard let entry = catalog().mount(at: path),
            let resolution = catalog().resolve(path, region: region),
            resolution.mount.path == entry.path
        else { return nil }
        return (entry, resolution.originID, Self.request(resolution))
    }

    func origin(of resolution: Resolution) throws(OriginError) -> any Origin {
        try origin(for: Self.request(resolution), mount: resolution.mount.path)
    }

    /// The origin, its requests counted for this mount.
    package func origin(
        for request: OriginRequest,
        mount: ByteString
    ) throws(OriginError) -> any Origin {
        let metrics = metrics
        return try factory.origin(for: request) { metrics.count($0, mount: mount) }
    }

    /// A reader had to go past the owners of a page; `isLost`: who held it does not answer.
    func wentPastOwners(_ mount: ByteString, byteCount: Int, isLost: Bool) {
        metrics.wentPastOwners(mount, byteCount: byteCount, isLost: isLost)
    }

    private static func request(_ resolution: Resolution) -> OriginRequest {
        OriginRequest(
            location: resolution.location,
            options: resolution.options,
            credential: resolution.credential
        )
    }
}

// MARK: - Checks before a mount exists

extension OriginTable: OriginProbe {
    package func check(_ mount: Mount) async throws(FileError) {
        do throws(OriginError) {
            let request = try request(for: mount)
            let origin = try factory.origin(for: request) { _ in }
            let query = OriginListQuery(
                prefix: request.location.keyPrefix,
                isDelimited: true,
                limit: 1
            )
            _ = try await origin.list(query)
        } catch {
            throw FileError(error)
        }
    }

    package func credentialSource(for mount: Mount) -> String {
        guard let request = try? request(for: mount),
            let source = try? factory.describeCredentials(of: request)
        else { return "unknown" }
        return source
    }

    /// What the mount would mean here, by the rules that a stored one follows.
    private func request(for mount: Mount) throws(OriginError) -> OriginRequest {
        let unknown = OriginID(0)  // No catalog has given ids yet, and nothing here needs them.
        let regions = mount.regions.map { ResolvedOrigin(region: $0.region, origin: unknown) }
        let entry = MountEntry(
            path: "/",
            mount: mount,
            origins: [ResolvedOrigin(region: nil, origin: unknown)] + regions,
            createRevision: .zero,
            modRevision: .zero
        )
        guard let resolution = entry.resolution(of: "", region: region) else {
            throw .misconfigured("the origin of this mount is no URI that can be read")
        }
        return Self.request(resolution)
    }
}
