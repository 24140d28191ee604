// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import Testing

struct BackupTests {
    static func backup() throws -> CatalogBackup {
        try #require(
            CatalogBackup(
                SuccessionTests.old(),
                at: LogIndex(17),
                by: "w1",
                unixMS: 1_700_000_000_000
            )
        )
    }

    @Test func whatWasWrittenIsRead() throws {
        let backup = try Self.backup()
        let read = try CatalogBackup(decoding: backup.encode())
        #expect(read.cluster == backup.cluster && read.index == LogIndex(17))
        #expect(read.worker == "w1" && read.takenAtUnixMS == 1_700_000_000_000)
        #expect(read.catalog.stateDigest == backup.catalog.stateDigest)
        #expect(read.catalog.mounts().map(\.path) == ["/data/a", "/data/b"])
        #expect(read.encode() == backup.encode())
    }

    /// Goal: a damaged file is never taken for a backup.
    ///
    /// Method: each bit is flipped, and each length tried.
    @Test func noDamageGoesUnnoticed() throws {
        let whole = try Self.backup().encode()
        for position in whole.indices {
            for bit in [0, 7] {
                var bytes = whole
                bytes[position] ^= 1 << UInt8(bit)
                #expect(throws: ByteDecodingError.self) { try CatalogBackup(decoding: bytes) }
            }
            #expect(throws: ByteDecodingError.self) {
                try CatalogBackup(decoding: Array(whole.prefix(position)))
            }
        }
        #expect(throws: ByteDecodingError.self) { try CatalogBackup(decoding: whole + [0]) }
    }

    /// What the head says is compared with the catalog, also where somebody made a new checksum.
    @Test(arguments: [9, 25, 33, 49]) func aHeadThatSaysAnotherThingIsRefused(
        at position: Int
    ) throws {
        var bytes = try Self.backup().encode()
        bytes[position] ^= 1
        bytes.removeLast(4)
        var writer = ByteWriter()
        writer.write(raw: bytes)
        writer.write(CRC32C.checksum(bytes))
        #expect(throws: ByteDecodingError.self) { try CatalogBackup(decoding: writer.bytes) }
    }

    @Test func aNewerFormatIsNamed() throws {
        var bytes = try Self.backup().encode()
        bytes[8] = 2
        #expect(throws: ByteDecodingError.unsupportedVersion(of: "backup", found: 2, newest: 1)) {
            try CatalogBackup(decoding: bytes)
        }
    }

    @Test func nothingIsNoBackup() {
        #expect(CatalogBackup(Catalog(), at: .zero, by: "w1", unixMS: 0) == nil)
    }

    @Test func theHeadStaysAsItIs() throws {
        let head = try Self.backup().encode().prefix(65)
        let expected =
            "5441524e4241434b0109000000000000000100000000000000" + "0100000000000000"
        #expect(hexText(head.prefix(33)) == expected)
        #expect(hexText(head[33..<49]) == "05000000000000001100000000000000")
        #expect(hexText(head[57..<65]) == "0068e5cf8b010000")
    }
}
