// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// A catalog in a file that says of itself what it holds.
///
/// Format 1, little-endian:
///
///     `TARNBACK` · format (u8) · cluster (16) · generation (u64) · revision (u64) · index (u64)
///     · digest (u64) · milliseconds since 1970 (u64) · worker (u32 length, UTF-8)
///     · catalog (u32 length, as ``Catalog/encodeSnapshot()``) · CRC-32C of all before (u32)
///
/// Made by any worker, with or without a quorum. What the head says is compared with the catalog when
/// it is read: a file is whole, and what it claims to be, or refused.
package struct CatalogBackup: Sendable {
    package let catalog: Catalog
    /// Who the catalog is of.
    package let cluster: ClusterEntry
    /// The last entry of the log whose effect it has.
    package let index: LogIndex
    /// When it was taken, by the clock of the worker that did; milliseconds since 1970.
    package let takenAtUnixMS: UInt64
    /// The name of that worker.
    package let worker: String

    package static let magic = Array("TARNBACK".utf8)
    package static let newestFormat: UInt8 = 1
    /// Bytes of the longest file that is read or taken: eight times what a catalog is planned for.
    package static let longestFile = 512 << 20

    /// - Returns: `nil` for a catalog that holds no cluster, or that memory has changed; O(size).
    package init?(_ catalog: Catalog, at index: LogIndex, by worker: String, unixMS: UInt64) {
        guard let cluster = catalog.cluster, catalog.isIntact else { return nil }
        self.catalog = catalog
        self.cluster = cluster
        self.index = index
        self.worker = worker
        takenAtUnixMS = unixMS
    }

    package func encode() -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: Catalog.roomForSnapshot)
        writer.write(raw: Self.magic)
        writer.write(Self.newestFormat)
        writer.write(cluster.id.rawValue)
        writer.write(cluster.generation)
        writer.write(catalog.revision.rawValue)
        writer.write(index.rawValue)
        writer.write(catalog.stateDigest)
        writer.write(takenAtUnixMS)
        writer.write(worker)
        writer.write(catalog.encodeSnapshot())
        writer.write(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    /// Reads what ``encode()`` wrote, from bytes that nobody vouches for.
    ///
    /// - Throws: ``ByteDecodingError``, `.unsupportedVersion` for a newer format.
    package init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        guard Array(try reader.raw(Self.magic.count)) == Self.magic else {
            throw .invalid(what: "backup's magic", value: 0)
        }
        try reader.version(of: "backup", newest: UInt64(Self.newestFormat))
        let sum = CRC32C.checksum(bytes.prefix(max(0, bytes.count - 4)))
        let id = ClusterID(try reader.uniqueID())
        let generation = try reader.counter("generation")
        let revision = try reader.counter("revision")
        index = LogIndex(try reader.counter("index"))
        let digest = try reader.integer(UInt64.self)
        takenAtUnixMS = try reader.integer()
        worker = try reader.text()
        let state = try reader.run()
        let written = try reader.integer(UInt32.self)
        guard written == sum else {
            throw .invalid(what: "backup's checksum", value: UInt64(written))
        }
        try reader.finish()
        catalog = try Catalog(decodingSnapshot: state)
        guard let entry = catalog.cluster, entry.id == id, entry.generation == generation,
            catalog.revision.rawValue == revision, catalog.stateDigest == digest
        else { throw .invalid(what: "backup, whose catalog has not the digest", value: digest) }
        cluster = entry
    }
}
