// SPDX-License-Identifier: Apache-2.0
import Primitives
import SystemPackage

extension PageDisk {
    static let headerName = "store"
    static let objectsName = "objects"
    /// A header on its way; a crash can leave it behind.
    private static let newHeaderName = "store.new"
    /// Made by mkfs, not by anybody.
    private static let foundName = "lost+found"

    /// Opens a cache directory, making it where it is missing or empty.
    ///
    /// A directory that is not ours is left as it is, byte for byte.
    static func open(
        _ configuration: PageDiskConfiguration,
        cluster: ClusterID,
        ancestors: [ClusterID]
    ) throws(PageStoreError) -> PageDisk {
        let directory = configuration.directory
        try makeDirectory(directory)
        let lock = try openDescriptor(directory, .readOnly, options: .directory)
        do throws(PageStoreError) {
            guard try lockExclusively(lock, directory) else { throw .inUse(directory) }
            try checkHeader(of: directory, lock: lock, cluster: cluster, ancestors: ancestors)
        } catch {
            try? lock.close()
            throw error
        }
        let disk = PageDisk(configuration: configuration, lock: lock)
        try disk.recover()
        return disk
    }

    /// Compares the header with what this release and cluster write; writes it in an empty directory.
    private static func checkHeader(
        of directory: FilePath,
        lock: Descriptor,
        cluster: ClusterID,
        ancestors: [ClusterID]
    ) throws(PageStoreError) {
        let names = try directoryEntries(of: directory).sorted()
        let own = [headerName, newHeaderName, foundName]
        guard names.contains(headerName) else {
            // Objects without a header: half erased, whose they are is unknown.
            if let name = names.first(where: { !own.contains($0) }) {
                throw .foreignFile(directory.appending(name))
            }
            return try writeHeader(StoreHeader(cluster: cluster), in: directory, lock: lock)
        }
        let header = try readHeader(of: directory)
        let isInherited = ancestors.contains(header.cluster)
        guard header.cluster == cluster || isInherited else {
            throw .foreignCluster(directory, found: header.cluster)
        }
        let expected = StoreHeader(cluster: cluster)
        guard header.pageByteCount == expected.pageByteCount,
            header.unitByteCount == expected.unitByteCount
        else {
            throw .differentGeometry(
                directory,
                pageByteCount: header.pageByteCount,
                unitByteCount: header.unitByteCount
            )
        }
        if let name = names.first(where: { !(own + [objectsName]).contains($0) }) {
            throw .foreignFile(directory.appending(name))
        }
        // Origins keep their ids when a cluster goes on in another one, so pages keep their meaning.
        if isInherited, header.cluster != cluster {
            try writeHeader(StoreHeader(cluster: cluster), in: directory, lock: lock)
        }
    }

    private static func readHeader(of directory: FilePath) throws(PageStoreError) -> StoreHeader {
        let path = directory.appending(headerName)
        let file = try openDescriptor(path, .readOnly)
        defer { try? file.close() }
        let bytes = try readBytes(file, path, at: 0, upTo: StoreHeader.byteCount + 1)
        do {
            return try StoreHeader(decoding: bytes)
        } catch .unsupportedVersion(_, let found, let newest) {
            throw .unsupportedFormat(
                path,
                found: UInt32(clamping: found),
                newest: UInt32(clamping: newest)
            )
        } catch {
            throw .damagedHeader(path)
        }
    }

    /// Written aside and renamed: after a crash the header is whole or absent.
    private static func writeHeader(
        _ header: StoreHeader,
        in directory: FilePath,
        lock: Descriptor
    ) throws(PageStoreError) {
        let path = directory.appending(newHeaderName)
        let file = try openDescriptor(path, .writeOnly, options: [.create, .truncate])
        defer { try? file.close() }
        try writeBytes(header.encoded, to: file, path, at: 0)
        try synchronise(file, path)
        try renameFile(path, to: directory.appending(headerName))
        try synchronise(lock, directory)
    }
}
