// SPDX-License-Identifier: Apache-2.0
import PlacementCore
package import Primitives

/// The file that makes a directory a cache directory of one cluster.
///
///     "TARNSTOR" ‖ u32 format ‖ u32 page bytes ‖ u32 unit bytes ‖ cluster (u64, u64) ‖ u32 CRC32C
///
/// Little-endian; the checksum covers everything before it.
package struct StoreHeader: Equatable, Sendable {
    package static let magic = Array("TARNSTOR".utf8)
    /// The newest format that this release reads, and the one that it writes.
    package static let format: UInt32 = 1
    package static let byteCount = 40

    package let format: UInt32
    package let pageByteCount: UInt32
    package let unitByteCount: UInt32
    package let cluster: ClusterID

    /// The header of a directory that this release makes.
    package init(cluster: ClusterID) {
        format = Self.format
        pageByteCount = UInt32(PageGeometry.pageByteCount)
        unitByteCount = UInt32(PageGeometry.unitByteCount)
        self.cluster = cluster
    }

    /// Reads what ``encoded`` wrote.
    ///
    /// - Throws: ``ByteDecodingError`` for damaged bytes, and for a newer format.
    package init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        guard try Array(reader.raw(Self.magic.count)) == Self.magic else {
            throw .invalid(what: "magic", value: 0)
        }
        format = try reader.integer()
        guard format <= Self.format else {
            // Before anything else: only the first twelve bytes are the same in every format.
            throw .unsupportedVersion(
                of: "page store",
                found: UInt64(format),
                newest: UInt64(Self.format)
            )
        }
        pageByteCount = try reader.integer()
        unitByteCount = try reader.integer()
        cluster = ClusterID(try reader.uniqueID())
        let checksum = try reader.integer(UInt32.self)
        guard checksum == CRC32C.checksum(bytes.prefix(Self.byteCount - 4)) else {
            throw .invalid(what: "checksum", value: UInt64(checksum))
        }
        try reader.finish()
    }

    package var encoded: [UInt8] {
        var writer = ByteWriter(reservingCapacity: Self.byteCount)
        writer.write(raw: Self.magic)
        writer.write(format)
        writer.write(pageByteCount)
        writer.write(unitByteCount)
        writer.write(cluster.rawValue)
        writer.write(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }
}
