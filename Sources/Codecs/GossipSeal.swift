// SPDX-License-Identifier: Apache-2.0
import Crypto
package import Primitives

/// What goes around a gossip packet in a datagram: whose cluster it is of, and a proof of it.
///
/// ```
///   "TRN1" │ cluster, 16 bytes │ HMAC-SHA-256 of all the rest, first 16 bytes │ packet
/// ```
///
/// The key is the cluster's secret; without one it is the cluster's id, which keeps apart clusters and
/// what is damaged, and nobody who means harm. A datagram that is sent again is sound: gossip itself
/// is made so that it says nothing new.
package struct GossipSeal: Sendable {
    /// Why a datagram is dropped.
    package enum Rejection: String, Error, Sendable, CaseIterable {
        /// Too short, too long, or not gossip at all.
        case format
        /// Of another cluster.
        case cluster
        /// The proof is wrong.
        case proof
        /// The packet inside is none that this release knows.
        case packet
    }

    /// Bytes around the packet.
    package static let overhead = 36
    /// Longest datagram that is looked at, in bytes.
    package static let longest = 1_472

    private static let magic: [UInt8] = Array("TRN1".utf8)
    private static let proofByteCount = 16

    private let head: [UInt8]
    private let key: SymmetricKey

    package init(cluster: ClusterID, secret: [UInt8]? = nil) {
        var writer = ByteWriter()
        writer.write(raw: Self.magic)
        writer.write(cluster.rawValue)
        head = writer.bytes
        key = SymmetricKey(data: secret ?? writer.bytes)
    }

    package func seal(_ packet: [UInt8]) -> [UInt8] { head + proof(of: packet[...]) + packet }

    /// The packet inside a datagram.
    package func open(_ datagram: [UInt8]) throws(Rejection) -> ArraySlice<UInt8> {
        guard (Self.overhead + 1...Self.longest).contains(datagram.count),
            datagram.starts(with: Self.magic)
        else { throw .format }
        guard datagram.starts(with: head) else { throw .cluster }
        let packet = datagram[Self.overhead...]
        guard Self.isEqual(datagram[head.count..<Self.overhead], proof(of: packet)) else {
            throw .proof
        }
        return packet
    }

    private func proof(of packet: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var code = HMAC<SHA256>(key: key)
        code.update(data: head)
        code.update(data: packet)
        return Array(code.finalize())[..<Self.proofByteCount]
    }

    /// Takes as long wherever the difference is.
    private static func isEqual(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Bool {
        var difference: UInt8 = left.count == right.count ? 0 : 1
        for (left, right) in zip(left, right) { difference |= left ^ right }
        return difference == 0
    }
}
