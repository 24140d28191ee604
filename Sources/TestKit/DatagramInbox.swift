// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A unix datagram socket that keeps what is sent to it, as systemd's for `Type=notify`.
package final class DatagramInbox {
    private let descriptor: Int32

    /// - Throws: ``TestKitError/system(_:errno:)`` if nothing can be bound to `path`.
    package init(path: String) throws(TestKitError) {
        let kind = Int32(SOCK_DGRAM.rawValue) | ServerPort.cloexec | Int32(SOCK_NONBLOCK.rawValue)
        descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { throw .system("socket", errno: errno) }
        var address = sockaddr_un()
        let name = Array(path.utf8)
        let isFitting = name.count < MemoryLayout.size(ofValue: address.sun_path)
        address.sun_family = sa_family_t(AF_UNIX)
        // Safe because: a name that does not fit is left out, and refused below.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) {
            if isFitting { unsafe $0.copyBytes(from: name) }
        }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        // Safe because: the address lives through the call and has that length.
        let result = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, length)
            }
        }
        guard isFitting, result == 0 else {
            let failure = isFitting ? errno : ENAMETOOLONG
            Glibc.close(descriptor)
            throw .system("bind", errno: failure)
        }
    }

    deinit { Glibc.close(descriptor) }

    /// The next datagram as text; `nil` if there is none yet.
    package func next() -> String? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        // Safe because: recv writes at most `count` bytes into the array.
        let count = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
        }
        return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
