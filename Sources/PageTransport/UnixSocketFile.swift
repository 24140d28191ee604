// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOCore

/// The file of a unix socket, whoever may not open it shut out before anybody can connect.
///
/// ```
///   bind ──▶ chown ──▶ chmod ──▶ (the caller listens)
/// ```
///
/// Until it is listened on every connection is refused, so the mode that the umask gave lets nobody in.
enum UnixSocketFile {
    /// Owner and group.
    private static let mode: mode_t = 0o660

    /// A bound socket, closed on exec, which the caller must close; `group` is the file's, `nil` the
    /// process's own.
    ///
    /// - Throws: `IOError`; then there is no file.
    static func bind(_ path: String, group: UInt32?) throws -> CInt {
        let address = try SocketAddress(unixDomainSocketPath: path)
        let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = try check("socket", socket(AF_UNIX, type, 0))
        do {
            // Safe because pointer and length are the address's own, and used for the call alone.
            let result = unsafe address.withSockAddr { name, length in
                unsafe Glibc.bind(descriptor, name, socklen_t(length))
            }
            _ = try check("bind", result)
        } catch {
            close(descriptor)
            throw error
        }
        do {
            if let group {
                _ = try check(
                    "its file cannot be given to group \(group), of which the worker must be a "
                        + "member unless it is root",
                    unsafe chown(path, uid_t.max, group)  // The owner stays.
                )
            }
            _ = try check("chmod", unsafe chmod(path, mode))
        } catch {
            unsafe _ = unlink(path)
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func check(_ what: String, _ result: CInt) throws(IOError) -> CInt {
        guard result >= 0 else { throw IOError(errnoCode: errno, reason: what) }
        return result
    }
}
