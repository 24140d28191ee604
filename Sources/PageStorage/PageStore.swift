// SPDX-License-Identifier: Apache-2.0
package import NIOCore
package import PlacementCore
package import Primitives
import Synchronization
import SystemPackage

/// Holds pages of objects in one or more cache directories, within their capacities.
///
/// All calls block on the disk and may come from any thread: run them on a blocking pool. Nothing
/// here is ever waited for by the other planes, and nothing is lost that the origin does not have.
///
/// Formats and promises: Docs/page-store.md.
package final class PageStore: Sendable {
    let disks: [PageDisk]

    private init(disks: [PageDisk]) { self.disks = disks }

    /// Opens every cache directory and rebuilds the index; pages of earlier runs are kept.
    ///
    /// - Parameters:
    ///   - configurations: At least one; no directory twice.
    ///   - cluster: Whose pages these are: a directory of another cluster is refused.
    ///   - ancestors: Clusters that this one goes on from: a directory of theirs becomes its own.
    /// - Returns: The store, at most as full as the capacities allow.
    /// - Throws: ``PageStoreError`` for the first directory that cannot be used. None was changed
    ///   that is not ours.
    package static func open(
        disks configurations: [PageDiskConfiguration],
        cluster: ClusterID,
        ancestors: [ClusterID] = []
    ) throws(PageStoreError) -> PageStore {
        guard !configurations.isEmpty else { throw .noDisks }
        var disks: [PageDisk] = []
        for configuration in configurations {
            disks.append(try PageDisk.open(configuration, cluster: cluster, ancestors: ancestors))
        }
        return PageStore(disks: disks)
    }

    // MARK: - Pages

    /// Reads a page, or a part of one.
    ///
    /// - Parameters:
    ///   - object: Whose page.
    ///   - page: Below the object's page count.
    ///   - range: Offsets in the page, in bytes; `nil` for the whole page.
    /// - Returns: `nil` where the page is not stored or what is stored is damaged: a miss.
    /// - Throws: ``PageStoreError/invalidPage(page:byteCount:)``,
    ///   ``PageStoreError/invalidRange(_:byteCount:)``, and ``PageStoreError/io(_:operation:path:)``
    ///   where the disk failed, which is a miss, too.
    package func read(
        _ object: ObjectIdentity,
        page: UInt32,
        range: Range<Int>? = nil
    ) throws(PageStoreError) -> StoredPage? {
        let geometry = try geometry(of: object)
        let byteCount = geometry.byteCount(ofPage: page)
        guard byteCount > 0 else { throw .invalidPage(page: page, byteCount: 0) }
        let range = range ?? 0..<byteCount
        guard range.lowerBound >= 0, range.upperBound <= byteCount else {
            throw .invalidRange(range, byteCount: byteCount)
        }
        for disk in disks {
            let stored = try disk.read(object, page: page, range: range, geometry: geometry)
            if let stored { return stored }
        }
        return nil
    }

    /// Stores a whole page; nothing happens where it is stored already.
    ///
    /// - Parameters:
    ///   - object: Whose page.
    ///   - page: Below the object's page count.
    ///   - bytes: All bytes of the page.
    ///   - checksum: Their CRC32C, as it travelled with them; compared once more.
    ///   - room: Whether others may be evicted for it.
    /// - Throws: ``PageStoreError``. The page is then not stored, everything else is as before.
    package func write(
        _ object: ObjectIdentity,
        page: UInt32,
        bytes: ByteBuffer,
        checksum: UInt32,
        room: WriteRoom = .byEvicting
    ) throws(PageStoreError) {
        let geometry = try geometry(of: object)
        guard bytes.readableBytes > 0, bytes.readableBytes == geometry.byteCount(ofPage: page)
        else {
            throw .invalidPage(page: page, byteCount: bytes.readableBytes)
        }
        let found = PageStorage.checksum(of: bytes)
        guard found == checksum else {
            throw .checksumMismatch(expected: checksum, found: found)
        }
        let arriving = ArrivingPage(
            number: page,
            bytes: bytes,
            checksum: checksum,
            geometry: geometry
        )
        try disk(for: object).write(arriving, of: object, room)
    }

    /// Whether a page of an object could be stored without evicting anything; it may be otherwise in a
    /// moment.
    package func hasRoom(for object: ObjectIdentity, byteCount: Int) -> Bool {
        guard let disk = try? disk(for: object) else { return false }
        return disk.hasRoom(for: byteCount)
    }

    /// Whether a page is stored; ``read(_:page:range:)`` may still find it damaged.
    package func contains(_ object: ObjectIdentity, page: UInt32) -> Bool {
        disks.contains { $0.isolatedBy == nil && $0.objects[object]?.entry(of: page) != nil }
    }

    /// Indexes of an object's stored pages, rising.
    package func pages(of object: ObjectIdentity) -> [UInt32] {
        var pages: Set<UInt32> = []
        for disk in disks where disk.isolatedBy == nil {
            guard let stored = disk.objects[object] else { continue }
            pages.formUnion(stored.contents.withLock { $0.table.pages })
        }
        return pages.sorted()
    }

    /// Whether a page that is not stored was evicted, as far as is remembered.
    package func wasEvicted(_ object: ObjectIdentity, page: UInt32) -> Bool {
        disks.contains { $0.evicted.contains(page, of: object) }
    }

    /// Removes every page of an object; readers that have it open keep what they have.
    package func remove(_ object: ObjectIdentity) {
        for disk in disks {
            if let stored = disk.objects[object] { disk.discard(stored) }
        }
    }

    /// Removes an object if it holds no page but these; readers that have it open keep what they have.
    ///
    /// - Parameters:
    ///   - object: Whose pages.
    ///   - pages: For each unit one bit a page.
    /// - Returns: Whether nothing of the object is stored any more.
    @discardableResult
    package func remove(_ object: ObjectIdentity, ifAmong pages: [UInt32: UInt64]) -> Bool {
        for disk in disks {
            guard let stored = disk.objects[object] else { continue }
            guard disk.discard(stored, ifAmong: pages) else { return false }
        }
        return true
    }

    /// A read-only descriptor of the file that holds an object's bytes at the object's own offsets.
    ///
    /// - Returns: `nil` where no page is stored. Holes read as zeros: unless
    ///   ``PageFile/isComplete``, ask ``contains(_:page:)`` before reading.
    /// - Throws: ``PageStoreError/io(_:operation:path:)``.
    package func openFile(of object: ObjectIdentity) throws(PageStoreError) -> PageFile? {
        for disk in disks {
            if let file = try disk.openFile(of: object) { return file }
        }
        return nil
    }

    /// What operators see; cheap enough to be asked for at every scrape.
    package var statistics: PageStoreStatistics {
        PageStoreStatistics(disks: disks.map(\.statistics))
    }

    // MARK: - Private parts

    private func geometry(of object: ObjectIdentity) throws(PageStoreError) -> PageGeometry {
        guard let geometry = object.geometry,
            object.key.count <= ObjectIdentity.maximumKeyByteCount,
            object.version.count <= ObjectIdentity.maximumVersionByteCount
        else {
            throw .unsupportedObject(
                keyByteCount: object.key.count,
                versionByteCount: object.version.count,
                byteCount: object.byteCount
            )
        }
        return geometry
    }

    /// Where an object's pages go: where it has some already, else where it belongs.
    private func disk(for object: ObjectIdentity) throws(PageStoreError) -> PageDisk {
        let usable = disks.filter { $0.isolatedBy == nil }
        if let disk = usable.first(where: { $0.objects[object] != nil }) { return disk }
        let choice = DiskChoice(
            room: usable.map { disk in
                DiskChoice.Room(capacity: disk.space.capacity, allocated: disk.space.allocated)
            }
        )
        guard let index = choice.disk(for: object) else {
            throw .isolated(disks[0].directory, disks[0].isolatedBy ?? .ioError)
        }
        return usable[index]
    }
}
