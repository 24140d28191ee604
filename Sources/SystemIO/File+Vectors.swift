// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SystemPackage

extension File {
    /// Reads from `offset` into several buffers, one after the other; returns the bytes read.
    ///
    /// Fewer than asked for at the end of the file, and whenever the kernel likes. At most 1,024
    /// buffers (`IOV_MAX`). The corresponding C function is `preadv`.
    package borrowing func read(
        at offset: Int,
        into buffers: [UnsafeMutableRawBufferPointer]
    ) throws(Errno) -> Int {
        let number = descriptor.rawValue
        let vectors = unsafe buffers.map {
            unsafe iovec(iov_base: $0.baseAddress, iov_len: $0.count)
        }
        return try syscall {
            // Safe because:
            // 1. Each vector is exactly the memory of a buffer that the caller keeps alive.
            // 2. The array of vectors outlives the call, which keeps nothing.
            unsafe vectors.withUnsafeBufferPointer {
                unsafe preadv(number, $0.baseAddress, CInt($0.count), off_t(offset))
            }
        }
    }
}
