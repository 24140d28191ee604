// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import Primitives
import SystemIO
package import SystemPackage

/// The replica on disk: what a worker starts from while nobody else answers.
///
/// Format 1: magic `TARNCKPT`, version u8, index u64, length u32, the catalog's snapshot, CRC-32C of
/// all before it. Replaced whole: written beside, synced, renamed. A file that cannot be read is
/// left out of account: everything in it comes again from the voters.
package struct CheckpointFile {
    package static let name = "catalog"
    private static let magic = Array("TARNCKPT".utf8)
    private static let longest = 512 << 20

    private let path: FilePath

    package init(_ directory: FilePath) { path = directory.appending(Self.name) }

    package func save(_ catalog: Catalog, at index: LogIndex) throws(Errno) {
        var writer = ByteWriter(reservingCapacity: Catalog.roomForSnapshot)
        writer.write(raw: Self.magic)
        writer.write(UInt8(1))
        writer.write(index.rawValue)
        writer.write(catalog.encodeSnapshot())
        writer.write(CRC32C.checksum(writer.bytes))
        try ReplacedFile(path).write(writer.bytes)
    }

    /// Removes the file durably, if there is one.
    package func remove() throws(Errno) {
        do throws(Errno) {
            try Directory.unlink(path)
        } catch .noSuchFileOrDirectory {
            return
        }
        try Directory.sync(path.removingLastComponent())
    }

    /// `nil` where there is none, or none that can be trusted, or that the disk cannot read.
    package func load() throws(Errno) -> (catalog: Catalog, index: LogIndex)? {
        do throws(Errno) {
            guard let bytes = try ReplacedFile(path).read(upTo: Self.longest) else { return nil }
            return try? Self.decode(bytes)
        } catch .ioError {
            return nil  // One that is written next has a file of its own.
        }
    }

    private static func decode(
        _ bytes: [UInt8]
    ) throws(ByteDecodingError) -> (catalog: Catalog, index: LogIndex) {
        var reader = ByteReader(bytes)
        guard Array(try reader.raw(magic.count)) == magic else {
            throw .invalid(what: "checkpoint's magic", value: 0)
        }
        try reader.version(of: "checkpoint", newest: 1)
        let index = LogIndex(try reader.integer())
        let state = try reader.run()
        let body = bytes.dropLast(reader.byteCountLeft)
        guard CRC32C.checksum(Array(body)) == (try reader.integer(UInt32.self)) else {
            throw .invalid(what: "checkpoint's checksum", value: 0)
        }
        try reader.finish()
        return (try Catalog(decodingSnapshot: state), index)
    }
}

/// A small file that is always replaced whole.
struct ReplacedFile {
    private let path: FilePath

    init(_ path: FilePath) { self.path = path }

    func write(_ bytes: [UInt8]) throws(Errno) {
        var beside = path
        beside.extension = "new"
        do throws(Errno) {
            let file = try File(beside, .updateOrCreate)
            try file.truncate(to: 0)
            try file.write(bytes, at: 0)
            try file.sync()
        } catch {
            try? Directory.unlink(beside)  // What it took is room that the log may need.
            throw error
        }
        try Directory.rename(beside, to: path)
        try Directory.sync(path.removingLastComponent())
    }

    func read(upTo limit: Int) throws(Errno) -> [UInt8]? {
        do throws(Errno) {
            let file = try File(path, .read)
            let count = try file.status().byteCount
            guard count <= limit else { return nil }
            return try file.read(at: 0, count: count)
        } catch .noSuchFileOrDirectory {
            return nil
        }
    }
}
