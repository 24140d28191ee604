// SPDX-License-Identifier: Apache-2.0
import NIOCore
import PlacementCore
import Primitives
import Synchronization
import SystemPackage

/// What may be done to make room for a page.
package enum WriteRoom: Sendable {
    /// Others are evicted where there is none.
    case byEvicting
    /// It is stored where there is room, or not at all.
    case onlyFree
}

/// A page on its way to the disk; the checksum was compared with the bytes.
struct ArrivingPage {
    let number: UInt32
    let bytes: ByteBuffer
    let checksum: UInt32
    let geometry: PageGeometry
}

extension PageDisk {
    /// At most so many objects are evicted for one page: room for 1 MiB is found among objects of
    /// one block and more, and one write never empties a large cache.
    private static let evictionLimit = 256
    /// Objects evicted when the kernel says that the disk is full although the count says it is not.
    private static let diskFullEvictionCount = 16

    func write(
        _ page: ArrivingPage,
        of identity: ObjectIdentity,
        _ room: WriteRoom
    ) throws(PageStoreError) {
        if let errno = isolatedBy { throw .isolated(directory, errno) }
        do throws(PageStoreError) {
            try store(page, of: identity, room)
        } catch .full(let needed, let capacity) where room == .onlyFree {
            throw .full(needed: needed, capacity: capacity)  // Nothing failed.
        } catch {
            counters.withLock { $0.failedWriteCount += 1 }
            if case .io(.noSpace, _, _) = error, room == .byEvicting {
                for _ in 0..<Self.diskFullEvictionCount where !evictOne(.diskFull) { break }
            }
            throw error
        }
    }

    private func store(
        _ page: ArrivingPage,
        of identity: ObjectIdentity,
        _ room: WriteRoom
    ) throws(PageStoreError) {
        if try isStored(page, of: identity) { return }
        var reservation = try reserve(page.bytes.readableBytes, room)
        defer { space.settle(from: 0, to: 0, releasing: reservation) }
        // Each round finds the object evicted between lookup and lock: a third is out of the question.
        for _ in 0..<8 {
            let object = objects.findOrInsert(identity) {
                makeObject(identity, table: PageTable(geometry: page.geometry))
            }
            let isDone = try object.writer.withLock { writer throws(PageStoreError) in
                try add(page, to: object, &writer, &reservation)
            }
            if isDone { return }
        }
        throw .full(needed: UInt64(page.bytes.readableBytes), capacity: space.capacity)
    }

    /// Whether the same bytes are stored already.
    private func isStored(
        _ page: ArrivingPage,
        of identity: ObjectIdentity
    ) throws(PageStoreError) -> Bool {
        guard let entry = objects[identity]?.entry(of: page.number) else { return false }
        guard entry.checksum != page.checksum else { return true }
        // One version, two contents; unless what is stored turns out to be damaged.
        let stored = try read(
            identity,
            page: page.number,
            range: 0..<page.bytes.readableBytes,
            geometry: page.geometry
        )
        guard let stored else { return false }
        throw .conflictingPage(
            page: page.number,
            stored: stored.checksum,
            offered: page.checksum
        )
    }

    func hasRoom(for byteCount: Int) -> Bool {
        guard let fileSystem = try? fileSystemSpace(at: directory) else { return false }
        return space.hasRoom(for: Self.mostTaken(by: byteCount, in: fileSystem), in: fileSystem)
    }

    /// Sets aside the most that a page can take, evicting where there is no room and that is allowed.
    private func reserve(
        _ byteCount: Int,
        _ room: WriteRoom
    ) throws(PageStoreError) -> UInt64 {
        for _ in 0...Self.evictionLimit {
            let fileSystem = try blaming { () throws(PageStoreError) in
                try fileSystemSpace(at: directory)
            }
            let needed = Self.mostTaken(by: byteCount, in: fileSystem)
            guard needed <= space.capacity else {
                throw .full(needed: needed, capacity: space.capacity)
            }
            let reason: EvictionReason
            switch space.reserve(needed, in: fileSystem) {
            case .granted: return needed
            case .aboveCapacity: reason = .capacity
            case .belowFreePart: reason = .freeSpace
            }
            guard room == .byEvicting, evictOne(reason) else { break }
        }
        throw .full(needed: UInt64(byteCount), capacity: space.capacity)
    }

    /// The page in whole blocks, and eight more: sidecar, directory, the file system's own index.
    private static func mostTaken(by byteCount: Int, in fileSystem: FileSystemSpace) -> UInt64 {
        let block = fileSystem.blockByteCount
        return ((UInt64(byteCount) + block - 1) / block + 8) * block
    }

    // MARK: - Under the object's writer lock

    /// Returns `false` where the object is gone and the page needs a successor.
    private func add(
        _ page: ArrivingPage,
        to object: StoredObject,
        _ writer: inout StoredObject.WriterState,
        _ reservation: inout UInt64
    ) throws(PageStoreError) -> Bool {
        guard !writer.isGone else {
            objects.remove(object)
            return false
        }
        if object.entry(of: page.number)?.checksum == page.checksum { return true }
        do {
            try blaming { () throws(PageStoreError) in
                try writeOut(page, to: object, &writer, &reservation)
            }
        } catch .io(.noSuchFileOrDirectory, _, _) where writer.hasFiles {
            discard(object, &writer)  // Somebody removed the files under us.
            return false
        } catch {
            // Files without a page are in nobody's queue: they must not stay.
            if object.contents.withLock({ $0.table.pageCount == 0 }) { discard(object, &writer) }
            throw error
        }
        list(page, in: object)
        return true
    }

    /// Invariant 1: bytes, then record.
    private func writeOut(
        _ page: ArrivingPage,
        to object: StoredObject,
        _ writer: inout StoredObject.WriterState,
        _ reservation: inout UInt64
    ) throws(PageStoreError) {
        if !writer.hasFiles { try makeFiles(of: object, &writer) }
        let file = try openUnderWriterLock(object)
        let offset = page.geometry.range(ofPage: page.number).lowerBound
        var failure: PageStoreError?
        do {
            try writeBuffer(page.bytes, to: file.descriptor, file.path, at: offset)
            let record = SidecarRecord(
                page: page.number,
                checksum: page.checksum,
                isPresent: true
            )
            try append(record, to: object, &writer)
        } catch {
            failure = error  // A part may have been written: the blocks count all the same.
        }
        let pageCount = object.contents.withLock { $0.table.pageCount } + 1
        let allowance = StoredObject.indexAllowance(pageCount: pageCount)
        let allocated = try fileStatus(of: file.descriptor, file.path).allocated
        let sidecar = try fileStatus(of: object.sidecarPath).allocated
        object.claim.settle(
            at: allocated + sidecar + allowance,
            releasing: reservation
        )
        reservation = 0
        if let failure { throw failure }
    }

    /// Makes both files, the one with the object's size and nothing but a hole in it.
    private func makeFiles(
        of object: StoredObject,
        _ writer: inout StoredObject.WriterState
    ) throws(PageStoreError) {
        let header = Sidecar.header(of: object.identity)
        try makeDirectory(ObjectName.shardPath(object.name.shard, below: objectsDirectory))
        try makeFile(object.sidecarPath) { file throws(PageStoreError) in
            try writeBytes(header, to: file, object.sidecarPath, at: 0)
        }
        do {
            try makeFile(object.bytesPath) { file throws(PageStoreError) in
                try attempt("ftruncate", object.bytesPath) {
                    try file.resize(to: Int64(clamping: object.identity.byteCount))
                }
            }
        } catch {
            try removeFile(object.sidecarPath)
            throw error
        }
        writer.hasFiles = true
        writer.sidecarByteCount = UInt64(header.count)
        try measureShard(object.name.shard)
    }

    private func makeFile(
        _ path: FilePath,
        _ fill: (Descriptor) throws(PageStoreError) -> Void
    ) throws(PageStoreError) {
        let file: Descriptor
        do {
            file = try openDescriptor(path, .writeOnly, options: [.create, .exclusiveCreate])
        } catch .io(.fileExists, _, _) {
            throw .nameTaken(path)
        }
        defer { try? file.close() }  // Nothing is left to be reported: the writes were.
        do {
            try fill(file)
        } catch {
            try removeFile(path)
            throw error
        }
    }

    /// Appends a record to the sidecar; a torn one is overwritten by the next.
    func append(
        _ record: SidecarRecord,
        to object: StoredObject,
        _ writer: inout StoredObject.WriterState
    ) throws(PageStoreError) {
        let seed = CRC32C.checksum(Sidecar.header(of: object.identity))
        let file = try openDescriptor(object.sidecarPath, .writeOnly)
        defer { try? file.close() }
        try writeBytes(
            record.encoded(seed: seed),
            to: file,
            object.sidecarPath,
            at: writer.sidecarByteCount
        )
        writer.sidecarByteCount += UInt64(Sidecar.recordByteCount)
    }

    /// Makes a written page visible to readers, and its object to the queue.
    private func list(_ page: ArrivingPage, in object: StoredObject) {
        let byteCount = UInt64(page.bytes.readableBytes)
        let entry = PageTable.Entry(checksum: page.checksum, isVerified: true)
        let ticket = object.contents.withLock { contents in
            contents.table.insert(page.number, entry)
            return contents.ticket
        }
        counters.withLock { $0.pageCount += 1 }
        if let ticket {
            queue.withLock { $0.grow(ticket, by: byteCount) }
        } else {
            let ticket = queue.withLock { $0.insert(object, byteCount: byteCount) }
            object.contents.withLock { $0.ticket = ticket }
        }
    }
}
