// SPDX-License-Identifier: Apache-2.0
import Codecs
import Primitives
import Testing

@Suite struct PeerFrameTests {
    static let hello = PeerHello(
        cluster: ClusterID(UniqueID(high: 0x1111_2222_3333_4444, low: 0x5555_6666_7777_8888)),
        node: NodeID(7),
        store: StoreID(UniqueID(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10)),
        name: "w1",
        region: "ap",
        zone: "ap-a"
    )
    static let fresh = PeerHello(
        cluster: nil,
        node: nil,
        store: StoreID(UniqueID(high: 1, low: 2)),
        name: "w2",
        region: "default",
        zone: "default"
    )

    /// Of a cluster that goes on from two others.
    static let child = PeerHello(
        cluster: nil,
        node: nil,
        store: StoreID(UniqueID(high: 1, low: 2)),
        name: "w3",
        region: "r",
        zone: "z",
        lineage: [
            ClusterID(UniqueID(high: 5, low: 6)), ClusterID(UniqueID(high: 7, low: 8)),
        ]
    )

    // swift-format-ignore
    static let golden: [(PeerFrame, String)] = [
        (.hello(hello), "01" + "5441524e50454552" + "0100" + "0100"
            + "01" + "4444333322221111" + "8888777766665555" + "01" + "0700000000000000"
            + "0807060504030201" + "100f0e0d0c0b0a09"
            + "02000000" + "7731" + "02000000" + "6170" + "04000000" + "61702d61"),
        (.hello(fresh), "01" + "5441524e50454552" + "0100" + "0100" + "00" + "00"
            + "0100000000000000" + "0200000000000000"
            + "02000000" + "7732" + "07000000" + "64656661756c74" + "07000000" + "64656661756c74"),
        (.hello(child), "01" + "5441524e50454552" + "0100" + "0100" + "00" + "00"
            + "0100000000000000" + "0200000000000000"
            + "02000000" + "7733" + "01000000" + "72" + "01000000" + "7a"
            + "02000000" + "0500000000000000" + "0600000000000000" + "0700000000000000" + "0800000000000000"),
        (.refusal(PeerRefusal(.foreignCluster, "no")), "02" + "02" + "6e6f"),
        (.message([1, 2, 3]), "03" + "010203"),
        (.request(id: 9, method: 4, timeoutMS: 1000, body: [7]), "04" + "0900000000000000" + "04" + "e8030000" + "07"),
        (.reply(id: 9, body: []), "05" + "0900000000000000"),
        (.failure(id: 9, PeerFailure(code: 255, body: [1])), "06" + "0900000000000000" + "ff" + "01"),
        (.cancel(id: 9), "07" + "0900000000000000"),
        (.openStream(id: 2, method: 1, credit: 65536, body: [5]), "08" + "0200000000000000" + "01" + "00000100" + "05"),
        (.item(id: 2, body: [0]), "09" + "0200000000000000" + "00"),
        (.credit(id: 2, byteCount: 16), "0a" + "0200000000000000" + "10000000"),
        (.endStream(id: 2), "0b" + "0200000000000000"),
        (.ping(3), "0c" + "0300000000000000"),
        (.pong(3), "0d" + "0300000000000000"),
    ]

    @Test(arguments: golden) func bytesOfVersion1(frame: PeerFrame, payload: String) throws {
        let encoded = frame.encoded()
        #expect(hexText(encoded.dropFirst(8)) == payload)
        var header = ByteReader(encoded[..<8])
        #expect(try header.integer(UInt32.self) == UInt32(payload.utf8.count / 2))
        #expect(try header.integer(UInt32.self) == CRC32C.checksum(encoded.dropFirst(8)))
        #expect(try PeerFrame(payload: Array(encoded.dropFirst(8))) == frame)
    }

    @Test func everyFrameCutShortIsAnErrorOrAnotherBody() {
        for (frame, _) in Self.golden {
            let payload = Array(frame.encoded().dropFirst(8))
            for count in payload.indices {
                let found = try? PeerFrame(payload: Array(payload[..<count]))
                #expect(found != frame)
            }
        }
    }

    @Test(arguments: UInt64(1)...20) func garbageNeverTraps(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        var decoded = 0
        for _ in 0..<2000 {
            let kind = UInt8.random(in: 0...16, using: &generator)
            let count = Int.random(in: 0..<80, using: &generator)
            let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            guard let frame = try? PeerFrame(payload: [kind] + bytes) else { continue }
            decoded += 1
            #expect(Array(frame.encoded().dropFirst(8)) == [kind] + bytes || kind <= 2)
        }
        #expect(decoded > 100)
    }

    @Test func aLaterVersionMayAppendToItsHello() throws {
        let payload = Array(PeerFrame.hello(Self.child).encoded().dropFirst(8)) + [9, 9, 9]
        #expect(try PeerFrame(payload: payload) == .hello(Self.child))
    }

    @Test func anUnknownRefusalIsStillARefusal() throws {
        let frame = try PeerFrame(payload: [2, 200] + Array("why".utf8))
        #expect(frame == .refusal(PeerRefusal(.other, "why")))
    }

    @Test func aLongReasonIsCut() throws {
        let reason = String(repeating: "ü", count: 900)
        let payload = PeerFrame.refusal(PeerRefusal(.other, reason)).encoded().dropFirst(8)
        #expect(payload.count == 2 + PeerFrame.longestReason)
        guard case .refusal(let read) = try PeerFrame(payload: Array(payload)) else {
            Issue.record("not a refusal")
            return
        }
        #expect(read.reason.hasPrefix("üü"))
    }

    // swift-format-ignore
    static let versions: [(ClosedRange<UInt16>, ClosedRange<UInt16>, UInt16?)] = [
        (1...1, 1...1, 1), (1...3, 2...5, 3), (2...5, 1...3, 3), (1...1, 2...2, nil), (3...9, 1...2, nil),
    ]

    @Test(arguments: versions)
    func theNewestCommonVersionIsSpoken(
        ours: ClosedRange<UInt16>,
        theirs: ClosedRange<UInt16>,
        common: UInt16?
    ) {
        func hello(_ versions: ClosedRange<UInt16>) -> PeerHello {
            PeerHello(
                cluster: nil,
                node: nil,
                store: Self.fresh.store,
                name: "w",
                region: "r",
                zone: "z",
                versions: versions
            )
        }
        #expect(hello(ours).commonVersion(with: hello(theirs)) == common)
    }
}
