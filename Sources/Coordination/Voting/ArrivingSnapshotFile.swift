// SPDX-License-Identifier: Apache-2.0
import Primitives
package import RaftCore
import SystemIO
package import SystemPackage

/// What has arrived of a leader's snapshot, kept across restarts.
///
/// ```
///   magic  version u8  metadata  CRC-32C │ length u32  CRC-32C  bytes │ length u32  …
/// ```
/// Never synced: a crash may lose any of it, and what cannot be read is where the transfer goes on. The
/// whole has the checksum of the snapshot, so nothing wrong is ever installed; and a leader that sends
/// another snapshot begins another file.
///
/// One thread at a time.
package struct ArrivingSnapshotFile: Sendable {
    package static let name = "snapshot.part"
    private static let magic = Array("TARNPART".utf8)
    private static let version: UInt8 = 1
    /// Bytes of metadata at most: far more than seven voters and their learners take.
    private static let longestHead = 64 << 10
    private static let partHeadCount = 8

    private let path: FilePath

    /// A file in the worker's data directory.
    package init(_ directory: FilePath) { path = directory.appending(Self.name) }

    /// Begins anew, for another snapshot.
    package func begin(_ metadata: SnapshotMetadata) throws(Errno) {
        let file = try File(path, .updateOrCreate)
        try file.truncate(to: 0)
        try file.write(Self.head(metadata), at: 0)
    }

    /// Adds what follows the bytes that were added before.
    package func append(_ bytes: [UInt8]) throws(Errno) {
        var part = ByteWriter(reservingCapacity: bytes.count + Self.partHeadCount)
        part.write(UInt32(bytes.count))
        part.write(CRC32C.checksum(bytes))
        part.write(raw: bytes)
        let file = try File(path, .updateOrCreate)
        try file.write(part.bytes, at: try file.status().byteCount)
    }

    /// Removes the file, if there is one.
    package func remove() throws(Errno) {
        do throws(Errno) {
            try Directory.unlink(path)
        } catch .noSuchFileOrDirectory {
            return
        }
    }

    /// The first bytes of the snapshot, as far as they can be read; `nil` where there is none.
    package func load(
        upTo limit: UInt64
    ) throws(Errno) -> (metadata: SnapshotMetadata, state: [UInt8])? {
        let file: File
        do throws(Errno) {
            file = try File(path, .read)
        } catch .noSuchFileOrDirectory {
            return nil
        }
        let count = try file.status().byteCount
        let head = try file.read(at: 0, count: min(count, Self.longestHead))
        guard let (metadata, headCount) = try? Self.metadata(head), metadata.byteCount <= limit
        else { return nil }
        var state: [UInt8] = []
        var place = headCount
        while let part = try Self.part(of: file, at: place, upTo: count) {
            guard UInt64(state.count + part.count) <= metadata.byteCount else { break }
            state += part
            place += Self.partHeadCount + part.count
        }
        return (metadata, state)
    }

    /// The part that begins here; `nil` where none does that is whole.
    private static func part(
        of file: borrowing File,
        at place: Int,
        upTo end: Int
    ) throws(Errno) -> [UInt8]? {
        guard end - place > partHeadCount else { return nil }
        var head = ByteReader(try file.read(at: place, count: partHeadCount))
        guard let count = try? head.integer(UInt32.self), count > 0,
            let checksum = try? head.integer(UInt32.self),
            Int(count) <= end - place - partHeadCount
        else { return nil }
        let bytes = try file.read(at: place + partHeadCount, count: Int(count))
        return CRC32C.checksum(bytes) == checksum ? bytes : nil
    }

    private static func head(_ metadata: SnapshotMetadata) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(raw: magic)
        writer.write(version)
        writer.write(metadata.position.term.rawValue)
        writer.write(metadata.position.index.rawValue)
        writer.write(metadata.voters.encode())
        writer.write(metadata.byteCount)
        writer.write(metadata.checksum)
        writer.write(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    private static func metadata(
        _ bytes: [UInt8]
    ) throws(ByteDecodingError) -> (SnapshotMetadata, byteCount: Int) {
        var reader = ByteReader(bytes)
        guard Array(try reader.raw(magic.count)) == magic else {
            throw .invalid(what: "arriving snapshot's magic", value: 0)
        }
        try reader.version(of: "arriving snapshot", newest: version)
        let term = Term(try reader.integer())
        let index = LogIndex(try reader.integer())
        let metadata = SnapshotMetadata(
            position: LogPosition(term: term, index: index),
            voters: try VoterSet(decoding: Array(try reader.run())),
            byteCount: try reader.integer(),
            checksum: try reader.integer()
        )
        let body = bytes.dropLast(reader.byteCountLeft)
        guard CRC32C.checksum(Array(body)) == (try reader.integer(UInt32.self)) else {
            throw .invalid(what: "arriving snapshot's checksum", value: 0)
        }
        return (metadata, bytes.count - reader.byteCountLeft)
    }
}
