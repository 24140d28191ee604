// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Sends any bytes to a UDP port of this machine.
package final class DatagramSender {
    private let descriptor: Int32

    /// - Throws: ``TestKitError/system(_:errno:)`` if there is no socket.
    package init() throws(TestKitError) {
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | ServerPort.cloexec, 0)
        guard descriptor >= 0 else { throw .system("socket", errno: errno) }
    }

    deinit { Glibc.close(descriptor) }

    /// Sends one datagram to 127.0.0.1; whether the kernel took it.
    @discardableResult
    package func send(_ bytes: [UInt8], to port: UInt16) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // Safe because: address and bytes live through the call and have these lengths.
        let sent = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bytes.withUnsafeBytes { bytes in
                    unsafe sendto(descriptor, bytes.baseAddress, bytes.count, 0, address, length)
                }
            }
        }
        return sent == bytes.count
    }
}
