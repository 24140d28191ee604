// SPDX-License-Identifier: Apache-2.0
import PageStorage
import PlacementCore
import Primitives
import Testing

/// Bytes on disk, as Docs/page-store.md lays them out: a change here needs a new format number.
@Suite struct GoldenFileTests {
    private static let headerText = """
        5441524e53544f5201000000000010000000000408470605040302010807060504030289
        """

    @Test func storeHeader() throws {
        let header = StoreHeader(cluster: testCluster)
        let body = hexText(header.encoded.dropLast(4))
        #expect(body == Self.headerText)
        #expect(try StoreHeader(decoding: header.encoded) == header)
        #expect(
            header.encoded.suffix(4)
                == littleEndian(CRC32C.checksum(header.encoded.dropLast(4)))[...]
        )
    }

    @Test func sidecarHeader() throws {
        let identity = ObjectIdentity(
            origin: OriginID(5),
            key: "a/b",
            version: "\"e\"",
            byteCount: 0x0102_0304
        )
        let bytes = Sidecar.header(of: identity)
        #expect(
            hexText(bytes.dropLast(4)) == "5441524e50414753" + "32000000" + "01000000"
                + "0500000000000000" + "0403020100000000" + "03000000612f62" + "03000000226522"
        )
        #expect(bytes.suffix(4) == littleEndian(CRC32C.checksum(bytes.dropLast(4)))[...])
        let (decoded, byteCount) = try Sidecar.object(decoding: bytes + [1, 2, 3])
        #expect(decoded == identity)
        #expect(byteCount == bytes.count)
    }

    @Test func sidecarRecord() {
        let record = SidecarRecord(page: 7, checksum: 0xA1B2_C3D4, isPresent: true)
        let bytes = record.encoded(seed: 0x1234_5678)
        #expect(hexText(bytes.prefix(12)) == "07000000d4c3b2a101000000")
        let checksum = CRC32C.checksum(bytes.prefix(12), after: 0x1234_5678)
        #expect(bytes.suffix(4) == littleEndian(checksum)[...])
        #expect(SidecarRecord(decoding: bytes[...], seed: 0x1234_5678) == record)
        #expect(SidecarRecord(decoding: bytes[...], seed: 0x1234_5679) == nil)
        #expect(SidecarRecord(decoding: bytes.dropLast(), seed: 0x1234_5678) == nil)
    }

    @Test func headersCutAnywhereAreErrors() {
        let bytes = Sidecar.header(of: object("key", byteCount: 1))
        for count in 0..<bytes.count {
            #expect(throws: ByteDecodingError.self) {
                try Sidecar.object(decoding: Array(bytes.prefix(count)))
            }
        }
    }

    @Test func fileNames() {
        let name = ObjectName(object("a", byteCount: 1))
        #expect(name.stem.utf8.count == 32)
        #expect(name != ObjectName(object("a", byteCount: 1, version: "v2")))
    }

    private func littleEndian(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
