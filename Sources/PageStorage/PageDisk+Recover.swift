// SPDX-License-Identifier: Apache-2.0
import PlacementCore
import Primitives
import Synchronization
import SystemPackage

extension PageDisk {
    /// How much of a sidecar is read at once, in bytes: whole records.
    private static let chunkByteCount = Sidecar.recordByteCount * 4096

    /// One object found on disk.
    private struct Found {
        let object: StoredObject
        let byteCount: UInt64
        let modifiedUnixNS: Int64
    }

    /// Rebuilds the index from the sidecars, oldest object first, and evicts what is too much.
    ///
    /// - Throws: ``PageStoreError/foreignFile(_:)`` for a file that the store never makes.
    func recover() throws(PageStoreError) {
        try adoptWhatIsThere()
        // Only now: while the list of what was found lives, evicted blocks stay counted.
        try evictDownToCapacity()
    }

    private func adoptWhatIsThere() throws(PageStoreError) {
        try makeDirectory(objectsDirectory)
        var found: [Found] = []
        for name in try directoryEntries(of: objectsDirectory) {
            guard let shard = ObjectName.parseShard(name) else {
                throw .foreignFile(objectsDirectory.appending(name))
            }
            found += try recoverShard(shard)
            try measureShard(shard)
        }
        try countFixedBlocks()
        found.sort { left, right in
            (left.modifiedUnixNS, left.object.name.stem)
                < (right.modifiedUnixNS, right.object.name.stem)
        }
        for one in found { adopt(one) }
    }

    /// Directories and header: blocks that no object owns.
    private func countFixedBlocks() throws(PageStoreError) {
        for path in [directory, objectsDirectory, directory.appending(Self.headerName)] {
            space.settle(from: 0, to: try fileStatus(of: path).allocated)
        }
    }

    private func adopt(_ found: Found) {
        let object = objects.findOrInsert(found.object.identity) { found.object }
        let ticket = queue.withLock { $0.insert(object, byteCount: found.byteCount) }
        let pageCount = object.contents.withLock { contents in
            contents.ticket = ticket
            return contents.table.pageCount
        }
        counters.withLock { $0.pageCount += UInt64(pageCount) }
    }

    private func evictDownToCapacity() throws(PageStoreError) {
        while space.allocated > space.capacity, evictOne(.capacity) {}
        while try isBelowFreePart(), evictOne(.freeSpace) {}
    }

    private func isBelowFreePart() throws(PageStoreError) -> Bool {
        let fileSystem = try fileSystemSpace(at: directory)
        return fileSystem.available < fileSystem.total / DiskSpace.freePart
    }

    // MARK: - One directory

    /// Reads the pairs of files of one directory; a half of a pair is removed.
    private func recoverShard(_ shard: Int) throws(PageStoreError) -> [Found] {
        let path = ObjectName.shardPath(shard, below: objectsDirectory)
        var stems: (bytes: Set<String>, sidecars: Set<String>) = ([], [])
        for name in try directoryEntries(of: path) {
            guard let (stem, isSidecar) = ObjectName.parse(name) else {
                throw .foreignFile(path.appending(name))
            }
            if isSidecar { stems.sidecars.insert(stem) } else { stems.bytes.insert(stem) }
        }
        for stem in stems.bytes.symmetricDifference(stems.sidecars) {
            try removePair(stem, in: path)  // Killed between making or unlinking the two.
        }
        var found: [Found] = []
        for stem in stems.bytes.intersection(stems.sidecars) {
            if let one = try recoverObject(stem, in: path) {
                found.append(one)
            } else {
                try removePair(stem, in: path)
            }
        }
        return found
    }

    private func removePair(_ stem: String, in path: FilePath) throws(PageStoreError) {
        try removeFile(path.appending("\(stem).\(ObjectName.sidecarExtension)"))
        try removeFile(path.appending("\(stem).\(ObjectName.bytesExtension)"))
    }

    // MARK: - One object

    /// Reads one sidecar; `nil` where the pair is of no use.
    private func recoverObject(
        _ stem: String,
        in path: FilePath
    ) throws(PageStoreError) -> Found? {
        let sidecarPath = path.appending("\(stem).\(ObjectName.sidecarExtension)")
        let file = try openDescriptor(sidecarPath, .readOnly)
        defer { try? file.close() }
        let start = try readBytes(file, sidecarPath, at: 0, upTo: Sidecar.maximumHeaderByteCount)
        guard let (identity, headerByteCount) = try? Sidecar.object(decoding: start),
            let geometry = identity.geometry, ObjectName(identity).stem == stem
        else {
            counters.withLock { $0.badRecordCount += 1 }
            return nil
        }
        let seed = CRC32C.checksum(start[..<headerByteCount])
        let (table, end) = try recoverTable(
            file,
            sidecarPath,
            from: UInt64(headerByteCount),
            seed: seed,
            geometry: geometry
        )
        guard table.pageCount > 0 else { return nil }

        let object = makeObject(identity, table: table)
        let bytes = try fileStatus(of: object.bytesPath)
        guard bytes.size == identity.byteCount else { return nil }
        let sidecar = try fileStatus(of: file, sidecarPath)
        let allowance = StoredObject.indexAllowance(pageCount: table.pageCount)
        object.claim.settle(at: bytes.allocated + sidecar.allocated + allowance)
        object.writer.withLock { writer in
            writer.hasFiles = true
            writer.sidecarByteCount = end
        }
        return Found(
            object: object,
            byteCount: table.pages.reduce(0) { $0 + UInt64(geometry.byteCount(ofPage: $1)) },
            modifiedUnixNS: sidecar.modifiedUnixNS
        )
    }

    /// Reads all records; damaged ones are counted and skipped, a torn one at the end overwritten.
    ///
    /// Every record stands for itself, so one behind a damaged one is as good as any; and what it
    /// says is compared with the bytes before they are served.
    private func recoverTable(
        _ file: Descriptor,
        _ path: FilePath,
        from start: UInt64,
        seed: UInt32,
        geometry: PageGeometry
    ) throws(PageStoreError) -> (table: PageTable, end: UInt64) {
        var table = PageTable(geometry: geometry)
        var position = start
        var badRecordCount: UInt64 = 0
        while true {
            let chunk = try readBytes(file, path, at: position, upTo: Self.chunkByteCount)
            let count = chunk.count / Sidecar.recordByteCount
            for index in 0..<count {
                let begin = index * Sidecar.recordByteCount
                let bytes = chunk[begin..<begin + Sidecar.recordByteCount]
                guard let record = SidecarRecord(decoding: bytes, seed: seed),
                    record.page < geometry.pageCount
                else {
                    badRecordCount += 1
                    continue
                }
                table.apply(record)
            }
            position += UInt64(count * Sidecar.recordByteCount)
            if chunk.count < Self.chunkByteCount { break }
        }
        counters.withLock { $0.badRecordCount += badRecordCount }
        return (table, position)
    }
}

extension PageTable {
    /// Takes over a record of an earlier run: what it says is not verified yet.
    fileprivate mutating func apply(_ record: SidecarRecord) {
        if record.isPresent {
            insert(record.page, Entry(checksum: record.checksum, isVerified: false))
        } else {
            remove(record.page)
        }
    }
}
