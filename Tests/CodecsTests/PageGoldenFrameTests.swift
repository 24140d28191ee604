// SPDX-License-Identifier: Apache-2.0
import Codecs
import PlacementCore
import Primitives
import Testing

/// Bytes on the wire, as Docs/page-protocol.md lays them out: a change needs a new version.
@Suite struct PageGoldenFrameTests {
    private static let cluster = ClusterID(
        UniqueID(high: 0x0102_0304_0506_4708, low: 0x8902_0304_0506_0708)
    )
    private static let read = PageReadRequest(
        mode: .readIfPresent,
        epoch: RingEpoch(3),
        region: "ap",
        mount: "/d",
        origin: OriginID(5),
        key: "k/1",
        version: "\"e\"",
        objectByteCount: (1 << 20) + 10,
        modifiedUnixNS: -1,
        page: 1,
        range: 2..<10,
        readAhead: 7
    )

    private static let object = PageObject(
        origin: OriginID(5),
        key: "k/1",
        version: "\"e\"",
        byteCount: 80 << 20
    )

    // swift-format-ignore
    static let requests: [(request: PageRequest, bytes: String)] = [
        (.read(read),
         "58000000" + "01" + "0900000000000000" + "01" + "0300000000000000" + "020000006170"
         + "020000002f64" + "0500000000000000" + "030000006b2f31" + "03000000226522"
         + "0a00100000000000" + "ffffffffffffffff" + "01000000" + "02000000" + "0a000000"
         + "0700000000000000"),
        (.attributes(path: "/d/x", view: .object, gone: nil),
         "13000000" + "02" + "0900000000000000" + "040000002f642f78" + "01" + "00"),
        (.attributes(path: "/d/x", view: .posix, gone: "v1"),
         "19000000" + "02" + "0900000000000000" + "040000002f642f78" + "00" + "01020000007631"),
        (.list(path: "/d", after: "x", limit: 500),
         "19000000" + "03" + "0900000000000000" + "020000002f64" + "010100000078" + "f4010000"),
        (.list(path: "/", after: nil, limit: 1),
         "13000000" + "03" + "0900000000000000" + "010000002f" + "00" + "01000000"),
        (.capacity, "09000000" + "04" + "0900000000000000"),
        (.report(PageReadReport(mount: "/d", client: .fuse, source: .origin, byteCount: 258)),
         "19000000" + "05" + "0900000000000000" + "020000002f64" + "02" + "02" + "0201000000000000"),
        (.ping, "09000000" + "06" + "0900000000000000"),
        (.offer(PageOffer(epoch: RingEpoch(3), region: "ap", giver: NodeID(4), units: [
            PageOfferUnit(object: object, unit: 1, pages: 0b101)])),
         "4d000000" + "07" + "0900000000000000" + "0300000000000000" + "020000006170"
         + "0400000000000000" + "01000000" + "0500000000000000" + "030000006b2f31"
         + "03000000226522" + "0000000500000000" + "01000000" + "0500000000000000"),
        (.holdings([object]),
         "2b000000" + "08" + "0900000000000000" + "01000000" + "0500000000000000"
         + "030000006b2f31" + "03000000226522" + "0000000500000000"),
    ]

    // swift-format-ignore
    static let replies: [(head: PageReplyHead, pageByteCount: Int, bytes: String)] = [
        (.page(checksum: 0xA1B2_C3D4, source: .peer), 8, "17000000" + "81" + "0900000000000000" + "d4c3b2a1" + "01" + "00"),
        (.page(checksum: 1, source: .local, copies: 3), 4, "13000000" + "81" + "0900000000000000" + "01000000" + "00" + "03"),
        (.miss, 0,                                       "09000000" + "82" + "0900000000000000"),
        (.evicted, 0,                                    "09000000" + "89" + "0900000000000000"),
        (.filling, 0,                                    "09000000" + "83" + "0900000000000000"),
        (.attributes(PageAttributes(kind: .file, byteCount: 7, modifiedUnixNS: 1, version: "v",
                                    validFor: Timespan(milliseconds: 60_000))), 0,
         "28000000" + "84" + "0900000000000000" + "00" + "0700000000000000" + "0100000000000000"
         + "0100000076" + "0160ea000000000000"),
        (.directory(PageDirectory(entries: [
            PageDirectoryEntry(name: "n", attributes: PageAttributes(
                kind: .directory, byteCount: 0, modifiedUnixNS: 0, version: "", validFor: nil)),
         ], hasMore: true)), 0,
         "29000000" + "85" + "0900000000000000" + "01" + "01000000" + "010000006e" + "01"
         + "0000000000000000" + "0000000000000000" + "00000000" + "00"),
        (.capacity(total: 256, used: 1), 0,
         "19000000" + "86" + "0900000000000000" + "0001000000000000" + "0100000000000000"),
        (.pong, 0,                                       "09000000" + "87" + "0900000000000000"),
        (.offered(PageOfferVerdict.allCases), 0,
         "13000000" + "8a" + "0900000000000000" + "06000000" + "000102030405"),
        (.holdings(byteCount: 258), 0,
         "11000000" + "8b" + "0900000000000000" + "0201000000000000"),
        (.failure(.originStatus(418, code: "Tea")), 0,
         "1a000000" + "88" + "0900000000000000" + "2200" + "a201000000000000" + "03000000546561"),
    ]

    @Test(arguments: requests.indices) func request(row: Int) throws {
        let row = Self.requests[row]
        let bytes = row.request.encoded(id: 9)
        #expect(hexText(bytes) == row.bytes)
        #expect(try PageRequest(kind: bytes[4], decoding: Array(bytes[13...])) == row.request)
    }

    @Test(arguments: replies.indices) func reply(row: Int) throws {
        let row = Self.replies[row]
        let bytes = row.head.encoded(id: 9, followedBy: row.pageByteCount)
        #expect(hexText(bytes) == row.bytes)
        #expect(try PageReplyHead(kind: bytes[4], decoding: Array(bytes[13...])) == row.head)
        #expect(PageReplyHead.isPage(kind: bytes[4]) == (row.pageByteCount > 0))
    }

    @Test func hellos() throws {
        let hello = PageClientHello(cluster: Self.cluster, name: "c")
        let terms = "01000100" + "00001000" + "00000004"
        let cluster = "0847060504030201" + "0807060504030289"
        let magic = "5441524e50414745"
        #expect(hexText(hello.encoded) == magic + "21000000" + terms + cluster + "0100000063")
        #expect(try PageClientHello(decoding: Array(hello.encoded[12...])) == hello)

        let welcome = PageServerWelcome(cluster: Self.cluster, node: NodeID(3), name: "w")
        let answer = PageServerHello.welcome(welcome)
        #expect(
            hexText(answer.encoded)
                == magic + "2a000000" + "00" + terms + cluster + "0300000000000000" + "0100000077"
        )
        #expect(try PageServerHello(decoding: Array(answer.encoded[12...])) == answer)

        let refusal = PageServerHello.refused(reason: "no")
        #expect(hexText(refusal.encoded) == magic + "07000000" + "01" + "020000006e6f")
        #expect(try PageServerHello(decoding: Array(refusal.encoded[12...])) == refusal)
    }

    @Test func aNewerClientMaySayMore() throws {
        let hello = PageClientHello(cluster: Self.cluster, name: "c")
        #expect(try PageClientHello(decoding: Array(hello.encoded[12...]) + [1, 2, 3]) == hello)
    }
}
