// SPDX-License-Identifier: Apache-2.0
import PlacementCore
import Synchronization
import SystemPackage

/// One object version on one disk: its page table and the order of its writers.
///
/// `writer` is taken around everything that creates, extends or unlinks the two files, and around
/// opening them; `table` for an instant by everybody. `writer` comes first where both are held.
final class StoredObject: Sendable {
    struct WriterState {
        /// Evicted or removed: the paths may belong to a successor by now.
        var isGone = false
        /// Whether the two files were made.
        var hasFiles = false
        /// Where the next record goes, in bytes.
        var sidecarByteCount: UInt64 = 0
    }

    struct Contents {
        var table: PageTable
        /// Set with the first page.
        var ticket: EvictionQueue<StoredObject>.Ticket?
    }

    /// Unlike the identity never used again: tells successors apart.
    let serial: UInt64
    let identity: ObjectIdentity
    let name: ObjectName
    let bytesPath: FilePath
    let sidecarPath: FilePath
    let claim: SpaceClaim
    let writer = Mutex(WriterState())
    let contents: Mutex<Contents>

    init(
        serial: UInt64,
        identity: ObjectIdentity,
        table: PageTable,
        below objects: FilePath,
        space: DiskSpace
    ) {
        let name = ObjectName(identity)
        self.serial = serial
        self.identity = identity
        self.name = name
        bytesPath = name.bytesPath(below: objects)
        sidecarPath = name.sidecarPath(below: objects)
        claim = SpaceClaim(space: space)
        contents = Mutex(Contents(table: table))
    }

    func entry(of page: UInt32) -> PageTable.Entry? { contents.withLock { $0.table[page] } }

    /// Bytes that the file system may add for its own index of the file when it writes the pages back.
    ///
    /// ext4 keeps four extents in the inode and 340 in each further block, and allocates that block
    /// long after the write that the store measures.
    static func indexAllowance(pageCount: UInt32) -> UInt64 {
        pageCount <= 1 ? 0 : (1 + UInt64(pageCount) / 64) * 4096
    }
}
