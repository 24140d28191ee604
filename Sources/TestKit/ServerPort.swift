// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// Ports of the loopback interface.
package enum ServerPort {
    /// A TCP port on 127.0.0.1 that was free a moment ago.
    ///
    /// Somebody else may take it before its user does: start servers in a loop of a few tries.
    package static func free() throws(TestKitError) -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | cloexec, 0)
        guard descriptor >= 0 else { throw .system("socket", errno: errno) }
        defer { close(descriptor) }
        guard let port = bound(descriptor, to: 0) else { throw .system("bind", errno: errno) }
        return port
    }

    /// A free TCP port below those that the kernel gives to outgoing connections.
    ///
    /// For servers that are ended and started again on the same port: no connection takes it in between, and
    /// no other caller in this process gets it.
    package static func lasting() throws(TestKitError) -> UInt16 {
        for _ in 1...1_000 {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | cloexec, 0)
            guard descriptor >= 0 else { throw .system("socket", errno: errno) }
            defer { close(descriptor) }
            if let port = bound(descriptor, to: .random(in: 10_000..<32_000)),
                given.withLock({ $0.insert(port).inserted })
            {
                return port
            }
        }
        throw .system("bind", errno: EADDRINUSE)
    }

    /// Ports that somebody in this process may still be about to use.
    private static let given = Mutex<Set<UInt16>>([])

    private static func bound(_ descriptor: Int32, to port: UInt16) -> UInt16? {
        var address = loopback(port: port)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // Safe because: both calls get the struct's own address and its true length.
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                unsafe bind(descriptor, name, length) == 0
                    && getsockname(descriptor, name, &length) == 0
            }
        }
        return isBound ? UInt16(bigEndian: address.sin_port) : nil
    }

    /// `true` if something accepts connections on 127.0.0.1 at this port now.
    package static func answers(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | cloexec, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return connects(descriptor, to: port)
    }

    /// Connects a socket to 127.0.0.1 at this port; `errno` says why not.
    static func connects(_ descriptor: Int32, to port: UInt16) -> Bool {
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
