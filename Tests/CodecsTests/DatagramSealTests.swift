// SPDX-License-Identifier: Apache-2.0

import Codecs
import Primitives
import Testing

/// Goal: a datagram of another cluster, of another secret, or changed on its way is none.
@Suite struct DatagramSealTests {
    private static let cluster = ClusterID(UniqueID(high: 1, low: 2))
    private static let secret = Array("a secret of at least thirty-two bytes".utf8)
    private static let packet = Array("packet".utf8)

    // swift-format-ignore
    private static let golden: [UInt8] = [
        0x54, 0x52, 0x4E, 0x31,
        1, 0, 0, 0, 0, 0, 0, 0,   2, 0, 0, 0, 0, 0, 0, 0,
    ]

    @Test func theByteFormIsGolden() {
        let datagram = DatagramSeal(.gossip, cluster: Self.cluster, secret: Self.secret).seal(
            Self.packet
        )
        #expect(Array(datagram[..<20]) == Self.golden)
        #expect(Array(datagram[DatagramSeal.overhead...]) == Self.packet)
        #expect(datagram.count == DatagramSeal.overhead + Self.packet.count)
        // Python: hmac.new(secret, datagram[:20] + packet, "sha256").digest()[:16]
        #expect(hexText(Array(datagram[20..<36])) == "3b20ace083a0f2558e44ae351739b923")
    }

    @Test(arguments: [nil, secret])
    func whatWasSealedIsOpened(secret: [UInt8]?) throws {
        let seal = DatagramSeal(.gossip, cluster: Self.cluster, secret: secret)
        #expect(Array(try seal.open(seal.seal(Self.packet))) == Self.packet)
    }

    @Test func anyChangedBitIsNoticed() {
        let seal = DatagramSeal(.gossip, cluster: Self.cluster, secret: Self.secret)
        let datagram = seal.seal(Self.packet)
        for bit in 0..<datagram.count * 8 {
            var changed = datagram
            changed[bit / 8] ^= 1 << (bit % 8)
            let expected: DatagramSeal.Rejection =
                bit < 32 ? .format : bit < 160 ? .cluster : .proof
            #expect(throws: expected) { _ = try seal.open(changed) }
        }
    }

    @Test func otherClustersOtherSecretsAndOddLengthsAreRefused() {
        let seal = DatagramSeal(.gossip, cluster: Self.cluster, secret: Self.secret)
        let other = ClusterID(UniqueID(high: 1, low: 3))
        let foreign = DatagramSeal(.gossip, cluster: other, secret: Self.secret).seal(Self.packet)
        #expect(throws: DatagramSeal.Rejection.cluster) { _ = try seal.open(foreign) }
        let guessed = DatagramSeal(.gossip, cluster: Self.cluster, secret: nil).seal(Self.packet)
        #expect(throws: DatagramSeal.Rejection.proof) { _ = try seal.open(guessed) }
        for length in [0, 1, 20, 36, 1_473, 60_000] {
            let bytes = Array(repeating: UInt8(0x54), count: length)
            #expect(throws: DatagramSeal.Rejection.format) { _ = try seal.open(bytes) }
        }
    }
}
