// SPDX-License-Identifier: Apache-2.0
import CatalogCore
package import Codecs
import ElasticCore
import PageTransport
import PlacementCore
package import Primitives

/// Attributes and listings: from the owner of the directory, else from the origin.
extension TarnFileSystem {
    package func attributes(
        of path: ByteString,
        view: PathView
    ) async throws(FileError) -> FileAttributes {
        try await attributes(of: path, view: view, gone: nil)
    }

    /// Lets whoever keeps attributes of the file ask the origin: a reader found that this version
    /// exists nowhere any more, and the next open must not be given it again.
    func forgetVersion(of file: FileReference) async {
        // Whatever the answer is, it is kept where it is asked for next; nobody else needs it here.
        _ = try? await attributes(of: file.path, view: .object, gone: file.version)
    }

    private func attributes(
        of path: ByteString,
        view: PathView,
        gone: ByteString?
    ) async throws(FileError) -> FileAttributes {
        try Self.requireAbsolute(path)
        guard let resolution = try resolve(path) else {
            guard path == "/" || !virtualChildren(of: path).isEmpty else { throw .notFound }
            return Self.virtualDirectory
        }
        let (directory, _) = MetadataService.split(resolution.name)
        let request = PageRequest.attributes(path: path, view: PagePathView(view), gone: gone)
        for owner in metadataOwners(of: directory, in: resolution) {
            switch await askPatiently(request, of: owner) {
            case .attributes(let attributes): return FileAttributes(attributes)
            case .failure(let failure) where failure.isFinal: throw FileError(failure)
            default: continue
            }
        }
        return FileAttributes(try await direct.attributes(of: path, view: view, gone: gone))
    }

    package func list(
        _ path: ByteString,
        after: ByteString?,
        limit: Int
    ) async throws(FileError) -> DirectoryPage {
        try Self.requireAbsolute(path)
        guard let resolution = try resolve(path) else {
            return try virtualPage(path, after: after, limit: limit)
        }
        let request = PageRequest.list(path: path, after: after, limit: UInt32(clamping: limit))
        for owner in metadataOwners(of: resolution.name, in: resolution) {
            switch await askPatiently(request, of: owner) {
            case .directory(let directory): return DirectoryPage(directory)
            case .failure(.timedOut): throw .timedOut  // Another owner would list it all again.
            case .failure(let failure) where failure.isFinal: throw FileError(failure)
            default: continue
            }
        }
        return DirectoryPage(try await direct.list(path, after: after, limit: limit))
    }

    /// Who keeps a directory's metadata: placed like an object whose key is the directory's.
    private func metadataOwners(
        of directory: ByteString,
        in resolution: Resolution
    ) -> [WorkerTarget] {
        let prefix = resolution.location.keyPrefix + directory
        let key = PlacementKey(
            origin: resolution.originID,
            key: prefix.hasSuffix("/") ? prefix : prefix + "/",
            unit: 0
        )
        return suspects.ordered(router.owners(of: key, replicas: 1).workers)
    }

    // MARK: - Above the mounts

    private static let virtualDirectory = FileAttributes(
        kind: .directory,
        size: 0,
        modifiedUnixNS: 0,
        version: ByteString(),
        validFor: .seconds(1)
    )

    private func virtualChildren(of path: ByteString) -> [ByteString] {
        router.catalog.childrenOfVirtualDirectory(path)
    }

    private func virtualPage(
        _ path: ByteString,
        after: ByteString?,
        limit: Int
    ) throws(FileError) -> DirectoryPage {
        let children = virtualChildren(of: path)
        guard path == "/" || !children.isEmpty else { throw .notFound }
        let cursor = after.map { $0.hasSuffix("/") ? $0 : $0 + "/" }
        let left = children.sorted { $0 + "/" < $1 + "/" }
            .drop { name in cursor.map { name + "/" <= $0 } ?? false }
        return DirectoryPage(
            entries: left.prefix(limit).map {
                DirectoryEntry(name: $0, attributes: Self.virtualDirectory)
            },
            hasMore: left.count > limit
        )
    }

    private static func requireAbsolute(_ path: ByteString) throws(FileError) {
        guard path.hasPrefix("/") else { throw .invalidPath("'\(path)' is not absolute") }
    }
}

// MARK: - Where a byte is

extension TarnFileSystem: PageLocator {
    package func locate(
        _ path: ByteString,
        offset: UInt64
    ) async throws(FileError) -> PageLocation {
        guard let resolution = try resolve(path), !resolution.name.isEmpty else { throw .notFound }
        guard let unit = PageGeometry.unit(at: offset) else {
            throw .rangeNotSatisfiable(size: PageGeometry.maximumObjectByteCount)
        }
        let key = PlacementKey(origin: resolution.originID, key: resolution.key, unit: unit)
        let replicas = Int(resolution.mount.mount.replicas)
        let (epoch, owners) = router.owners(of: key, replicas: replicas)
        let previous = router.previousOwners(of: key, replicas: replicas)
        let others = previous.filter { !owners.contains($0) }
        return PageLocation(
            path: path,
            offset: offset,
            unit: unit,
            hash: key.hash,
            epoch: epoch,
            owners: owners.map(\.name),
            previousOwners: previous.map(\.name),
            cachedOn: await holders(among: owners + others, resolution, offset: offset)
        )
    }

    /// Which of them answer that they have the page now.
    private func holders(
        among workers: [WorkerTarget],
        _ resolution: Resolution,
        offset: UInt64
    ) async -> [String] {
        let path = resolution.mount.path + "/" + resolution.name
        guard let attributes = try? await attributes(of: path, view: .object),
            attributes.kind == .file, offset < attributes.size,
            let geometry = PageGeometry(byteCount: attributes.size),
            let page = geometry.page(at: offset)
        else { return [] }
        let read = PageRead(
            resolution: resolution,
            file: FileReference(
                path: path,
                size: attributes.size,
                modifiedUnixNS: attributes.modifiedUnixNS,
                version: attributes.version
            ),
            page: page,
            range: 0..<1,
            readAhead: 0
        )
        let epoch = router.current?.epoch ?? .zero
        let request = read.request(.readIfPresent, epoch: epoch, region: router.region)
        var names: [String] = []
        for worker in workers {
            if case .page = await ask(.read(request), of: worker) { names.append(worker.name) }
        }
        return names
    }
}

// MARK: - Wire values

extension PagePathView {
    init(_ view: PathView) {
        self =
            switch view {
            case .posix: .posix
            case .object: .object
            }
    }
}

extension PathView {
    package init(_ view: PagePathView) {
        self =
            switch view {
            case .posix: .posix
            case .object: .object
            }
    }
}

extension FileAttributes {
    init(_ attributes: PageAttributes) {
        self.init(
            kind: attributes.kind == .file ? .file : .directory,
            size: attributes.byteCount,
            modifiedUnixNS: attributes.modifiedUnixNS,
            version: attributes.version,
            validFor: attributes.validFor
        )
    }
}

extension DirectoryPage {
    init(_ directory: PageDirectory) {
        self.init(
            entries: directory.entries.map {
                DirectoryEntry(name: $0.name, attributes: FileAttributes($0.attributes))
            },
            hasMore: directory.hasMore
        )
    }
}
