// SPDX-License-Identifier: Apache-2.0
package import NIOCore

/// A page, or a part of one, as read from the store.
package struct StoredPage: Sendable, Equatable {
    /// Exactly the bytes asked for.
    package let bytes: ByteBuffer
    /// CRC32C of exactly these bytes.
    ///
    /// For a whole page it is the checksum that came with it when it was written.
    package let checksum: UInt32

    package init(bytes: ByteBuffer, checksum: UInt32) {
        self.bytes = bytes
        self.checksum = checksum
    }
}
