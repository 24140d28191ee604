// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// Tells systemd how far this process is, where it asked to be told (`Type=notify`).
///
/// One datagram to the socket that `NOTIFY_SOCKET` names; nothing happens without the variable, and
/// a failure is no failure of the worker's.
/// - Source: sd_notify(3).
enum SystemdNotifier {
    static func notify(_ state: String) {
        guard let path = ProcessInfo.processInfo.environment["NOTIFY_SOCKET"],
            let address = address(path)
        else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let bytes = Array(state.utf8)
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.utf8.count)
        // Safe because address and bytes outlive the call, and `length` lies within the address.
        _ = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe sendto(
                    descriptor,
                    bytes,
                    bytes.count,
                    Int32(MSG_NOSIGNAL),
                    $0,
                    length
                )
            }
        }
    }

    /// A path, or with a leading `@` a name in the abstract name space.
    private static func address(_ path: String) -> sockaddr_un? {
        var name = Array(path.utf8)
        var address = sockaddr_un()
        guard let first = name.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@"),
            name.count < MemoryLayout.size(ofValue: address.sun_path)
        else { return nil }
        if first == UInt8(ascii: "@") { name[0] = 0 }
        address.sun_family = sa_family_t(AF_UNIX)
        // Safe because the name is shorter than the field, as checked above.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
        return address
    }
}
