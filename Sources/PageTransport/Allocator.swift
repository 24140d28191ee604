// SPDX-License-Identifier: Apache-2.0
import CLinux

/// Keeps freed page buffers in the process instead of giving them back to the kernel each time.
///
/// By default glibc maps and unmaps every large buffer, which doubles the CPU that a page costs
/// (1.03 against 0.37 s/GB for 1 MiB pages over TCP). To be called once, before the first thread is
/// started. The mapping threshold is the largest that glibc takes on 64 bits: 32 MiB.
/// - Returns: Whether the C library took all values; one that did not is slower and right.
/// - Source: mallopt(3).
@discardableResult
package func tuneAllocator() -> Bool {
    clinux_tune_malloc(32 << 20, 512 << 20, 16 << 20) == 1
}

/// Gives the kernel back what is free, whatever ``tuneAllocator()`` would keep.
///
/// Takes milliseconds, during which threads that share an arena wait: for a process that rests.
/// - Source: malloc_trim(3).
package func trimAllocator() { clinux_trim_malloc() }
