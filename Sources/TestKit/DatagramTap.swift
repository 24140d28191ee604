// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Sees the UDP datagrams over IPv4 that travel on this machine's interfaces; for root alone.
package final class DatagramTap {
    package struct Datagram: Hashable, Sendable {
        package let port: UInt16
        package let bytes: [UInt8]
    }

    private let descriptor: Int32

    /// - Throws: ``TestKitError/system(_:errno:)`` without the right to listen.
    package init() throws(TestKitError) {
        let kind = Int32(SOCK_DGRAM.rawValue) | ServerPort.cloexec | Int32(SOCK_NONBLOCK.rawValue)
        descriptor = socket(AF_PACKET, kind, Int32(UInt16(0x0800).bigEndian))
        guard descriptor >= 0 else { throw .system("socket", errno: errno) }
    }

    deinit { Glibc.close(descriptor) }

    /// What came from a port since the last call, each once, and to which port.
    package func datagrams(from port: UInt16) -> Set<Datagram> {
        var found: Set<Datagram> = []
        var packet = [UInt8](repeating: 0, count: 65_536)
        while true {
            // Safe because: recv writes at most `count` bytes into the array.
            let count = unsafe packet.withUnsafeMutableBytes { buffer in
                unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
            }
            guard count > 0 else { return found }
            if let datagram = Self.datagram(in: packet[..<count], from: port) {
                found.insert(datagram)
            }
        }
    }

    /// - Source: RFC 791 §3.1, RFC 768.
    private static func datagram(in packet: ArraySlice<UInt8>, from port: UInt16) -> Datagram? {
        guard let first = packet.first, first >> 4 == 4, packet.count > 28, packet[9] == 17 else {
            return nil
        }
        let header = Int(first & 15) * 4
        guard packet.count >= header + 8 else { return nil }
        func number(_ offset: Int) -> UInt16 {
            UInt16(packet[header + offset]) << 8 | UInt16(packet[header + offset + 1])
        }
        guard number(0) == port else { return nil }
        return Datagram(port: number(2), bytes: Array(packet[(header + 8)...]))
    }
}
