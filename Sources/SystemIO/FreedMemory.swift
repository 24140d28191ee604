// SPDX-License-Identifier: Apache-2.0
import CLinux

/// What the process has freed and still holds.
package enum FreedMemory {
    /// Gives it back to the kernel.
    ///
    /// The allocator keeps large buffers for the pages that come next (``tuneAllocator()`` in
    /// PageTransport); what was needed once, such as a snapshot's encoded state, would stay for ever.
    /// Takes a millisecond or so: not for a hot path. glibc gives back whole pages that are free
    /// between others in every arena, but the free end of the main arena alone.
    /// - Returns: Whether anything went back.
    /// - Source: malloc_trim(3).
    @discardableResult
    package static func giveBack() -> Bool { clinux_trim_malloc() == 1 }
}
