// SPDX-License-Identifier: Apache-2.0
package import Primitives
package import RaftCore
import SystemPackage

extension LogStorage {
    /// Makes a snapshot durable: one this voter took, or one a leader sent.
    ///
    /// Entries that the snapshot contradicts or jumps over are void from then on (Raft §7). Keeps
    /// the snapshot before it, removes older ones. The log is not shortened: see ``compact(upTo:)``.
    /// - Throws: `snapshotMismatch`, `snapshotNotNewer` before anything is written; `full`, with
    ///   nothing changed unless ``isWaitingForSpace``; `io`, after which the process must end;
    ///   `stopped`.
    package func saveSnapshot(
        _ metadata: SnapshotMetadata,
        state: [UInt8]
    ) throws(LogStorageError) {
        try requireUsable()
        let position = metadata.position
        guard UInt64(state.count) == metadata.byteCount,
            CRC32C.checksum(state) == metadata.checksum
        else { throw .snapshotMismatch(position) }
        if let newest = newestSnapshot?.position, position.index <= newest.index {
            throw .snapshotNotNewer(position, newest: newest)
        }

        let header = SnapshotFile(identity: identity, metadata: metadata).encodedHeader()
        try durably { () throws(IOFailure) in
            let name = SnapshotFile.name(position)
            let content = Self.content(header, state)
            _ = try directory.place(name, content, byteCount: content.count)
            snapshots = (snapshots + [metadata]).suffix(keptSnapshotCount)
            if !window.continues(position) { backlog = [[.reset(position)]] }
            hasOldSnapshots = true
        }
        try resume()
    }

    /// A whole file, in memory that is the kernel's again once it is written: from 32 MiB on the C library
    /// maps an array by itself, and what is not written of it takes none.
    private static func content(_ header: [UInt8], _ state: [UInt8]) -> [UInt8] {
        var content: [UInt8] = []
        content.reserveCapacity(max(header.count + state.count, 33 << 20))
        content += header
        content += state
        return content
    }

    /// Says whether a second snapshot is kept to fall back to, and drops it where it is not.
    ///
    /// - Throws: `io`, after which the process must end; `stopped`.
    package func keepSpareSnapshot(_ isKept: Bool) throws(LogStorageError) {
        try requireUsable()
        keptSnapshotCount = isKept ? Self.snapshotCount : 1
        guard snapshots.count > keptSnapshotCount else { return }
        snapshots = snapshots.suffix(keptSnapshotCount)
        try durably { () throws(IOFailure) in try removeOldSnapshots() }
        if let newest = newestSnapshot { try compact(upTo: newest.position.index) }
    }

    /// Drops segments that hold nothing but entries up to `index`.
    ///
    /// Never an entry that the kept snapshots need: with two of them the log stays connected to the
    /// older one, so that either can be started from. Removes whole files, so some entries before
    /// `index` stay.
    /// - Throws: `io`, after which the process must end; `stopped`.
    package func compact(upTo index: LogIndex) throws(LogStorageError) {
        try requireUsable()
        let connected = snapshots.first { $0.position.index.next >= window.first }
        guard let bound = connected.map({ min($0.position.index, index) }) else { return }
        try durably { () throws(IOFailure) in
            while segments.count > 1, segments[0].lastLive <= bound,
                segments[1].floor <= bound.next
            {
                try directory.discard(SegmentHeader.name(segments[0].number))
                segments.removeFirst()
                window.forget(before: segments[0].floor)
                written.starts(at: window.first)
            }
        }
    }

    /// Reads part of a kept snapshot's state.
    ///
    /// Not checked against a checksum here: whoever puts the parts together compares the whole with
    /// the metadata.
    /// - Parameters:
    ///   - metadata: The snapshot: the newest or the one before.
    ///   - offset: Into the state, in bytes.
    ///   - byteCount: How much; less comes only at the state's end.
    /// - Returns: The bytes.
    /// - Throws: `noSuchSnapshot`, `io`, `stopped`.
    package func readSnapshot(
        _ metadata: SnapshotMetadata,
        offset: UInt64,
        byteCount: Int
    ) throws(LogStorageError) -> [UInt8] {
        try requireUsable()
        guard snapshots.contains(metadata), offset <= metadata.byteCount, byteCount >= 0 else {
            throw .noSuchSnapshot(metadata.position)
        }
        let count = min(byteCount, Int(metadata.byteCount - offset))
        let name = SnapshotFile.name(metadata.position)
        let start = SnapshotFile(identity: identity, metadata: metadata).encodedHeader().count
        do throws(IOFailure) {
            return try failing("read", name) { () throws(Errno) in
                let bytes = try directory.open(name).read(at: start + Int(offset), count: count)
                guard bytes.count == count else { throw .ioError }
                return bytes
            }
        } catch {
            throw .io(error)
        }
    }

    func removeOldSnapshots() throws(IOFailure) {
        let kept = Set(snapshots.map { SnapshotFile.name($0.position) })
        let names = try failing("list", "") { () throws(Errno) in try directory.names() }
        for name in names where SnapshotFile.position(in: name) != nil && !kept.contains(name) {
            try directory.discard(name)
        }
        hasOldSnapshots = false
    }
}

extension LogWindow {
    /// Whether the log goes on from a snapshot at `position` as it is.
    ///
    /// Either it holds the snapshot's last entry, or it starts right behind it.
    func continues(_ position: LogPosition) -> Bool {
        position.index.next == first || term(at: position.index) == position.term
    }
}
