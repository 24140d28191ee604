// SPDX-License-Identifier: Apache-2.0

import Primitives

extension ByteWriter {
    /// What was written, in an array without the room that was reserved: for bytes that stay.
    ///
    /// `Array(bytes[...])` would be the same array once more, with all its room.
    var exactBytes: [UInt8] {
        // Safe because the buffer is copied while it is lent.
        unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
    }
}

extension Catalog {
    /// Room to reserve for a whole encoded catalog, in bytes.
    ///
    /// From so many on the C library maps an array by itself, however it is tuned: only what is written
    /// takes memory, and all of it goes back at once. In an arena some megabytes, grown by doubling, would
    /// stay with each thread that ever encoded one.
    /// - Source: mallopt(3), `M_MMAP_THRESHOLD`: at most 32 MiB.
    package static let roomForSnapshot = 33 << 20
}
