// SPDX-License-Identifier: Apache-2.0
import PlacementCore
import Primitives
import Synchronization
import SystemPackage

/// The part of the store that lives in one cache directory.
///
///     store           the header: format, sizes, cluster
///     objects/00…ff/  two files an object version, see ``ObjectName``; made when first needed
///
/// Invariants:
/// 1. Data first, index second: a page's record is appended after its bytes were written, so
///    whatever a kill leaves behind, a page that is listed is there. What a power cut leaves behind
///    is caught by the checksum on first read.
/// 2. A file that was ever opened for a reader is immutable but for its holes: objects go by unlink,
///    whole.
/// 3. Blocks never exceed the capacity: see ``DiskSpace``.
/// 4. A page is evicted only by a caller that holds no object's writer lock.
final class PageDisk: Sendable {
    struct Counters {
        var pageCount: UInt64 = 0
        var evictedBytes: [UInt64] = EvictionReason.allCases.map { _ in 0 }
        var badPageCount: UInt64 = 0
        var badRecordCount: UInt64 = 0
        var failedWriteCount: UInt64 = 0
    }

    let directory: FilePath
    let objectsDirectory: FilePath
    let space: DiskSpace
    let objects = ObjectTable()
    let openFiles: OpenFiles
    let queue = Mutex(EvictionQueue<StoredObject>())
    let counters = Mutex(Counters())
    let evicted = EvictedPages()
    private let faults = Mutex(FaultCounter())
    private let serials = Atomic<UInt64>(0)
    /// Bytes of the blocks of each directory below `objects`.
    private let shardBytes = Mutex([UInt64](repeating: 0, count: ObjectName.shardCount))
    /// Holds the lock on the directory.
    private let lock: Descriptor

    /// Takes over a directory that was checked and locked; ``recover()`` has to follow.
    init(configuration: PageDiskConfiguration, lock: Descriptor) {
        directory = configuration.directory
        objectsDirectory = configuration.directory.appending(PageDisk.objectsName)
        space = DiskSpace(capacity: configuration.capacity.bytes)
        openFiles = OpenFiles(limit: configuration.openFileLimit)
        self.lock = lock
    }

    deinit { try? lock.close() }

    // MARK: - State

    var isolatedBy: Errno? { faults.withLock { $0.isolatedBy } }

    var statistics: PageDiskStatistics {
        var statistics = PageDiskStatistics(directory: directory, capacity: space.capacity)
        statistics.allocated = space.allocated
        statistics.objectCount = queue.withLock { $0.count }
        statistics.isolatedBy = isolatedBy
        counters.withLock { counters in
            statistics.pageCount = counters.pageCount
            statistics.evictedBytes = counters.evictedBytes
            statistics.badPageCount = counters.badPageCount
            statistics.badRecordCount = counters.badRecordCount
            statistics.failedWriteCount = counters.failedWriteCount
        }
        return statistics
    }

    /// A fresh entry, not in any table yet.
    func makeObject(_ identity: ObjectIdentity, table: PageTable) -> StoredObject {
        StoredObject(
            serial: serials.add(1, ordering: .relaxed).newValue,
            identity: identity,
            table: table,
            below: objectsDirectory,
            space: space
        )
    }

    /// Runs system calls on this disk and counts those that fail.
    func blaming<Value>(
        _ body: () throws(PageStoreError) -> Value
    ) throws(PageStoreError) -> Value {
        do {
            let value = try body()
            succeeded()
            return value
        } catch {
            if case .io(let errno, _, _) = error { failed(errno) }
            throw error
        }
    }

    /// Counts a system call that worked.
    func succeeded() { faults.withLock { $0.succeeded() } }

    /// Counts a system call that did not.
    func failed(_ errno: Errno) { faults.withLock { $0.failed(errno) } }

    /// Takes over how many blocks the directory of a shard has by now.
    func measureShard(_ shard: Int) throws(PageStoreError) {
        let path = ObjectName.shardPath(shard, below: objectsDirectory)
        let now = try fileStatus(of: path).allocated
        shardBytes.withLock { bytes in
            space.settle(from: bytes[shard], to: now)
            bytes[shard] = now
        }
    }

    // MARK: - Eviction

    /// Evicts the object that the queue gives; `false` where it is empty.
    ///
    /// The blocks are free when this returns, unless somebody still reads the file.
    func evictOne(_ reason: EvictionReason) -> Bool {
        guard let object = queue.withLock({ $0.evict() }) else { return false }
        let byteCount = object.claim.byteCount
        evicted.insert(object.contents.withLock { $0.table.pages }, of: object.identity)
        discard(object)
        counters.withLock { counters in
            let index = EvictionReason.allCases.firstIndex(of: reason)
            if let index { counters.evictedBytes[index] += byteCount }
        }
        return true
    }

    /// Unlinks an object's files and forgets it; nothing happens the second time.
    func discard(_ object: StoredObject) {
        object.writer.withLock { writer in
            discard(object, &writer)
        }
    }

    /// As ``discard(_:)``, unless the object holds a page that is not among these.
    func discard(_ object: StoredObject, ifAmong pages: [UInt32: UInt64]) -> Bool {
        object.writer.withLock { writer in
            let held = object.contents.withLock { $0.table.unitPages }
            guard held.allSatisfy({ $0.pages & ~pages[$0.unit, default: 0] == 0 }) else {
                return false
            }
            discard(object, &writer)
            return true
        }
    }

    /// As ``discard(_:)``, by whoever holds the object's writer lock.
    func discard(_ object: StoredObject, _ writer: inout StoredObject.WriterState) {
        guard !writer.isGone else { return }
        writer.isGone = true
        let (pageCount, ticket) = object.contents.withLock { contents in
            defer {
                contents.table.removeAll()
                contents.ticket = nil
            }
            return (contents.table.pageCount, contents.ticket)
        }
        counters.withLock { $0.pageCount -= UInt64(pageCount) }
        if let ticket { queue.withLock { $0.remove(ticket) } }
        // Without files of its own the paths may be another object's.
        if writer.hasFiles { unlinkFiles(of: object) }
        objects.remove(object)
        openFiles.remove(object.serial)
    }

    /// Sidecar first: bytes without a sidecar are removed at the next start.
    private func unlinkFiles(of object: StoredObject) {
        do {
            try blaming { () throws(PageStoreError) in
                try removeFile(object.sidecarPath)
                try removeFile(object.bytesPath)
            }
        } catch {
            // The blocks are still taken: the claim outlives the entry, so that the capacity holds.
            object.claim.keepForever()
        }
    }
}
