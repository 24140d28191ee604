// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Ports of the loopback interface.
package enum ServerPort {
    /// A TCP port on 127.0.0.1 that was free a moment ago.
    ///
    /// Somebody else may take it before its user does: start servers in a loop of a few tries.
    package static func free() throws(TestKitError) -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | cloexec, 0)
        guard descriptor >= 0 else { throw .system("socket", errno: errno) }
        defer { close(descriptor) }

        var address = loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // Safe because: both calls get the struct's own address and its true length.
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                unsafe bind(descriptor, name, length) == 0
                    && getsockname(descriptor, name, &length) == 0
            }
        }
        guard isBound else { throw .system("bind", errno: errno) }
        return UInt16(bigEndian: address.sin_port)
    }

    /// `true` if something accepts connections on 127.0.0.1 at this port now.
    package static func answers(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | cloexec, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let address = loopback(port: port)
        // Safe because: as above.
        return unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                unsafe connect(descriptor, name, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    /// Atomically, so that no child started by another test inherits the socket.
    static let cloexec = Int32(SOCK_CLOEXEC.rawValue)

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}
