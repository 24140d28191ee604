// SPDX-License-Identifier: Apache-2.0
import Primitives

extension PageObject {
    func encode(into writer: inout ByteWriter) {
        writer.write(origin.rawValue)
        writer.write(key)
        writer.write(version)
        writer.write(byteCount)
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self.init(
            origin: OriginID(try reader.integer()),
            key: try reader.byteString(),
            version: try reader.byteString(),
            byteCount: try reader.integer()
        )
    }

    /// Bytes of its own encoding.
    package var encodedByteCount: Int { 24 + key.count + version.count }
}

extension PageOfferUnit {
    /// Bytes of its own encoding.
    package var encodedByteCount: Int { object.encodedByteCount + 12 }
}

extension PageOffer {
    func encode(into writer: inout ByteWriter) {
        writer.write(epoch.rawValue)
        writer.write(region)
        writer.write(giver.rawValue)
        writer.write(UInt32(clamping: units.count))
        for unit in units {
            unit.object.encode(into: &writer)
            writer.write(unit.unit)
            writer.write(unit.pages)
        }
    }

    /// Refuses pages that an object does not have, and more than fit: no handler ever sees them.
    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        let epoch = RingEpoch(try reader.integer())
        let region = try reader.text()
        let giver = NodeID(try reader.integer())
        let count = try reader.integer(UInt32.self)
        guard (1...Self.maximumPageCount).contains(Int(count)) else {
            throw .invalid(what: "units", value: UInt64(count))
        }
        var units: [PageOfferUnit] = []
        var byteCount: UInt64 = 0
        for _ in 0..<count {
            let unit = PageOfferUnit(
                object: try PageObject(from: &reader),
                unit: try reader.integer(),
                pages: try reader.integer()
            )
            guard let size = unit.byteCount else {
                throw .invalid(what: "pages of a unit", value: unit.pages)
            }
            byteCount += size  // At most 64 MiB each.
            units.append(unit)
        }
        self.init(epoch: epoch, region: region, giver: giver, units: units)
        guard pageCount <= Self.maximumPageCount, byteCount <= Self.maximumByteCount else {
            throw .invalid(what: "bytes offered", value: byteCount)
        }
    }
}
