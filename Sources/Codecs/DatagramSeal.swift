// SPDX-License-Identifier: Apache-2.0
import Crypto
package import Primitives

/// What goes around a packet in a datagram between workers: what it is, whose cluster it is of, and a
/// proof of both.
///
/// ```
///   "TRN1" or "TRC1" │ cluster, 16 bytes │ HMAC-SHA-256 of all the rest, first 16 bytes │ packet
/// ```
///
/// The key is the cluster's secret; without one it is the cluster's id, which keeps apart clusters and
/// what is damaged, and nobody who means harm. A datagram that is sent again is sound: gossip is made
/// so that it says nothing new, and consensus stands messages that come twice and late.
package struct DatagramSeal: Sendable {
    /// What is inside, by the first four bytes.
    package enum Content: String, Sendable, CaseIterable {
        case gossip = "TRN1"
        /// A message between voters.
        case consensus = "TRC1"

        fileprivate var magic: [UInt8] { Array(rawValue.utf8) }
    }

    /// Why a datagram is dropped.
    package enum Rejection: String, Error, Sendable, CaseIterable {
        /// Too short, too long, or nothing of ours.
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

    /// Longest packet that fits, in bytes.
    package static let packetByteLimit = longest - overhead
    private static let proofByteCount = 16

    private let magic: [UInt8]
    private let head: [UInt8]
    private let key: SymmetricKey

    package init(_ content: Content, cluster: ClusterID, secret: [UInt8]? = nil) {
        magic = content.magic
        var writer = ByteWriter()
        writer.write(raw: magic)
        writer.write(cluster.rawValue)
        head = writer.bytes
        key = SymmetricKey(data: secret ?? writer.bytes)
    }

    /// What a datagram says that it holds, nothing being proved yet; `nil` if nothing of ours.
    package static func content(of datagram: [UInt8]) -> Content? {
        Content.allCases.first { datagram.starts(with: $0.magic) }
    }

    package func seal(_ packet: [UInt8]) -> [UInt8] { head + proof(of: packet[...]) + packet }

    /// The packet inside a datagram.
    package func open(_ datagram: [UInt8]) throws(Rejection) -> ArraySlice<UInt8> {
        guard (Self.overhead + 1...Self.longest).contains(datagram.count),
            datagram.starts(with: magic)
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
