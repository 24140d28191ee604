// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SystemPackage

/// Runs one system call that answers -1 and `errno` on failure, again while it is interrupted.
///
/// The only place in this module that reads `errno` or knows of `EINTR`. Not for `close(2)`: on
/// Linux the descriptor is gone even when that is interrupted.
/// - Throws: ``Errno`` as the call set it.
@inline(__always)
@discardableResult
package func syscall<Result: FixedWidthInteger & SignedInteger>(
    _ body: () -> Result
) throws(Errno) -> Result {
    while true {
        let result = body()
        guard result == -1 else { return result }
        let failure = Errno(rawValue: errno)
        guard failure == .interrupted else { throw failure }
    }
}
