// SPDX-License-Identifier: Apache-2.0
package import PlacementCore
package import Primitives

/// The file beside an object's bytes that says which pages are there.
///
///     header    "TARNPAGS" ‖ u32 length of the header ‖ u32 format ‖ u64 origin ‖ u64 object bytes
///               ‖ u32 n ‖ key ‖ u32 n ‖ version ‖ u32 CRC32C of all that
///     record    u32 page ‖ u32 CRC32C of the page ‖ u32 flags ‖ u32 CRC32C        (16 bytes each)
///
/// Little-endian. Records are appended, one write each, after the page's bytes; the last record of a
/// page counts. A record's checksum goes on from the header's, so that a record can never pass for
/// one of another object.
package enum Sidecar {
    package static let magic = Array("TARNPAGS".utf8)
    package static let format: UInt32 = 1
    package static let recordByteCount = 16
    /// Bytes that tell how long the header is.
    static let preludeByteCount = 12
    /// The longest header, in bytes.
    static let maximumHeaderByteCount =
        48 + ObjectIdentity.maximumKeyByteCount + ObjectIdentity.maximumVersionByteCount

    /// The header of an object's sidecar.
    package static func header(of object: ObjectIdentity) -> [UInt8] {
        var rest = ByteWriter()
        rest.write(format)
        rest.write(object.origin.rawValue)
        rest.write(object.byteCount)
        rest.write(object.key)
        rest.write(object.version)
        var writer = ByteWriter(reservingCapacity: preludeByteCount + rest.bytes.count + 4)
        writer.write(raw: magic)
        writer.write(UInt32(preludeByteCount + rest.bytes.count + 4))
        writer.write(raw: rest.bytes)
        writer.write(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    /// Reads a header from the first bytes of a sidecar.
    ///
    /// - Returns: The object, and the length of the header in bytes.
    package static func object(
        decoding bytes: [UInt8]
    ) throws(ByteDecodingError) -> (object: ObjectIdentity, byteCount: Int) {
        var reader = ByteReader(bytes)
        guard try Array(reader.raw(magic.count)) == magic else {
            throw .invalid(what: "magic", value: 0)
        }
        let length = Int(try reader.integer(UInt32.self))
        guard length <= bytes.count, length >= preludeByteCount + 4 else {
            throw .truncated(needed: length, left: bytes.count)
        }
        reader = ByteReader(bytes[preludeByteCount..<length])
        let format = try reader.integer(UInt32.self)
        guard format == Self.format else {
            throw .unsupportedVersion(
                of: "sidecar",
                found: UInt64(format),
                newest: UInt64(Self.format)
            )
        }
        let origin = OriginID(try reader.integer())
        let byteCount = try reader.integer(UInt64.self)
        let key = ByteString(try reader.run(upTo: ObjectIdentity.maximumKeyByteCount))
        let version = ByteString(try reader.run(upTo: ObjectIdentity.maximumVersionByteCount))
        let checksum = try reader.integer(UInt32.self)
        try reader.finish()
        guard checksum == CRC32C.checksum(bytes[..<(length - 4)]) else {
            throw .invalid(what: "checksum", value: UInt64(checksum))
        }
        let object = ObjectIdentity(
            origin: origin,
            key: key,
            version: version,
            byteCount: byteCount
        )
        return (object, length)
    }
}

/// One line of a sidecar: a page arrived, or was found damaged.
package struct SidecarRecord: Equatable, Sendable {
    package let page: UInt32
    /// CRC32C of the page's bytes.
    package let checksum: UInt32
    /// `false`: whatever earlier records say, the page is not there.
    package let isPresent: Bool

    package init(page: UInt32, checksum: UInt32, isPresent: Bool) {
        self.page = page
        self.checksum = checksum
        self.isPresent = isPresent
    }

    /// The record's bytes in the sidecar whose header has the checksum `seed`.
    package func encoded(seed: UInt32) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: Sidecar.recordByteCount)
        writer.write(page)
        writer.write(checksum)
        writer.write(isPresent ? UInt32(1) : 0)
        writer.write(CRC32C.checksum(writer.bytes, after: seed))
        return writer.bytes
    }

    /// Reads a record; `nil` where it is damaged, torn or of another sidecar.
    package init?(decoding bytes: ArraySlice<UInt8>, seed: UInt32) {
        var reader = ByteReader(bytes)
        guard let page = try? reader.integer(UInt32.self),
            let checksum = try? reader.integer(UInt32.self),
            let flags = try? reader.integer(UInt32.self), flags <= 1,
            let own = try? reader.integer(UInt32.self), reader.byteCountLeft == 0,
            own == CRC32C.checksum(bytes.dropLast(4), after: seed)
        else { return nil }
        self.init(page: page, checksum: checksum, isPresent: flags == 1)
    }
}
