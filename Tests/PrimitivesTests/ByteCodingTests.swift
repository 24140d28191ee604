// SPDX-License-Identifier: Apache-2.0

import Primitives
import Testing

struct ByteCodingTests {
    @Test func goldenBytes() {
        var writer = ByteWriter()
        writer.write(UInt8(0xAB))
        writer.write(UInt16(0x0102))
        writer.write(UInt32(0x0304_0506))
        writer.write(UInt64(0x0708_090A_0B0C_0D0E))
        writer.write(Int32(-2))
        writer.write(true)
        writer.write("hé")
        writer.write(ByteString([0xFF]))
        writer.write(raw: [1, 2])
        writer.write(UniqueID(high: 1, low: 2))
        writer.write(optional: UInt8?.none) { $0.write($1) }
        writer.write(optional: UInt8(7)) { $0.write($1) }
        writer.write(list: [UInt16(8), 9]) { $0.write($1) }
        let golden = [
            "ab", "0201", "06050403", "0e0d0c0b0a090807", "feffffff", "01", "03000000" + "68c3a9",
            "01000000" + "ff", "0102", "0100000000000000" + "0200000000000000", "00", "0107",
            "02000000" + "0800" + "0900",
        ].joined()
        #expect(hexText(writer.bytes) == golden)
    }

    @Test func everythingComesBack() throws {
        var writer = ByteWriter()
        for value in [Int64.min, -1, 0, .max] { writer.write(value) }
        for value in [UInt8.min, .max] { writer.write(value) }
        writer.write(false)
        writer.write("日本")
        writer.write(ByteString([0xFF, 0]))
        writer.write(raw: [1, 2, 3])
        writer.write(UniqueID(high: .max, low: 5))
        writer.write(optional: String?.none) { $0.write($1) }
        writer.write(optional: "x") { $0.write($1) }
        writer.write(list: [UInt64(1), 2]) { $0.write($1) }

        var reader = ByteReader(writer.bytes)
        for value in [Int64.min, -1, 0, .max] { #expect(try reader.integer() == value) }
        for value in [UInt8.min, .max] { #expect(try reader.integer() == value) }
        #expect(try reader.flag() == false)
        #expect(try reader.text() == "日本")
        #expect(try reader.byteString() == ByteString([0xFF, 0]))
        #expect(try Array(reader.raw(3)) == [1, 2, 3])
        #expect(try reader.uniqueID() == UniqueID(high: .max, low: 5))
        #expect(try reader.optional(Self.text) == nil)
        #expect(try reader.optional(Self.text) == "x")
        #expect(try reader.list(Self.word) == [1, 2])
        #expect(throws: Never.self) { try reader.finish() }
    }

    private static func text(_ reader: inout ByteReader) throws(ByteDecodingError) -> String {
        try reader.text()
    }

    private static func word(_ reader: inout ByteReader) throws(ByteDecodingError) -> UInt64 {
        try reader.integer()
    }

    @Test func badBytesAreNamed() {
        func failure<Value>(
            _ bytes: [UInt8],
            _ read: (inout ByteReader) throws(ByteDecodingError) -> Value
        ) -> ByteDecodingError? {
            var reader = ByteReader(bytes)
            do throws(ByteDecodingError) {
                _ = try read(&reader)
                return nil
            } catch {
                return error
            }
        }
        #expect(failure([1], Self.word) == .truncated(needed: 8, left: 1))
        #expect(
            failure([2]) { (reader) throws(ByteDecodingError) in try reader.flag() }
                == .invalid(what: "flag", value: 2)
        )
        #expect(failure([9, 0, 0, 0, 1], Self.text) == .truncated(needed: 9, left: 1))
        #expect(
            failure([1, 0, 0, 0, 0xFF], Self.text)
                == .invalid(what: "UTF-8 text of length", value: 1)
        )
        #expect(
            failure([3, 0, 0, 0, 1, 2, 3]) { (reader) throws(ByteDecodingError) in
                try reader.run(upTo: 2)
            } == .invalid(what: "length", value: 3)
        )
        #expect(
            failure([0xFF, 0xFF, 0xFF, 0xFF, 0]) { (reader) throws(ByteDecodingError) in
                try reader.list(Self.word)
            } == .invalid(what: "count", value: 0xFFFF_FFFF)
        )
        #expect(
            failure([1]) { (reader) throws(ByteDecodingError) in try reader.raw(-1) }
                == .truncated(needed: -1, left: 1)
        )
        #expect(
            failure([1, 2]) { (reader) throws(ByteDecodingError) in try reader.finish() }
                == .trailing(byteCount: 2)
        )
    }

    /// A reader of a slice counts from the slice's own start.
    @Test func aSliceIsReadFromItsStart() throws {
        var reader = ByteReader([9, 9, 1, 0, 2][2...])
        #expect(try reader.integer(UInt16.self) == 1)
        #expect(reader.byteCountLeft == 1)
        #expect(try reader.integer(UInt8.self) == 2)
    }

    /// What a person reads where a file or a message is damaged.
    @Test(arguments: [
        (ByteDecodingError.truncated(needed: 8, left: 3), "8 bytes needed where 3 are left"),
        (.invalid(what: "batch checksum", value: 7), "wrong batch checksum: 7"),
        (.trailing(byteCount: 2), "2 bytes more than there should be"),
        (
            .unsupportedVersion(of: "snapshot", found: 3, newest: 2),
            "snapshot of format 3, this release reads up to 2"
        ),
    ])
    func anErrorReadsAsASentence(_ error: ByteDecodingError, _ text: String) {
        #expect("\(error)" == text)
    }
}
