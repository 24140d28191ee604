// SPDX-License-Identifier: Apache-2.0
import CLinux
package import SystemPackage

/// Randomness from the kernel: seeds, and identifiers that must not repeat anywhere.
///
/// The corresponding C function is `getrandom`. Waits at most once in a machine's life, until the
/// kernel's pool is filled.
package enum SystemEntropy {
    /// Draws 64 random bits.
    package static func seed() throws(Errno) -> UInt64 {
        var value: UInt64 = 0
        // Safe because the value outlives the call. Up to 256 bytes come whole: getrandom(2).
        let count = try syscall { unsafe clinux_getrandom(&value, MemoryLayout<UInt64>.size, 0) }
        guard count == MemoryLayout<UInt64>.size else { throw .ioError }
        return value
    }
}
