// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SystemPackage

/// The machine's host name, as `hostname` prints it.
///
/// The corresponding C function is `gethostname`.
package func hostName() throws(Errno) -> String {
    var buffer = [CChar](repeating: 0, count: 256)  // HOST_NAME_MAX is 64 on Linux.
    let capacity = buffer.count
    // Safe because `capacity` is the buffer's size, and the buffer outlives the call.
    try syscall { unsafe gethostname(&buffer, capacity) }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
