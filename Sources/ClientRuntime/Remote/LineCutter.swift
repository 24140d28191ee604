// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// Cuts a stream of bytes at its line feeds.
///
/// Holds at most one line and what came with its end.
struct LineCutter: Sendable {
    /// Bytes of a line at most; a mount, the longest entry, may have 64 KiB.
    static let lineLimit = 1 << 20

    struct LineTooLong: Error {}

    private var buffer = ByteBuffer()
    /// Where to look on: nothing before it is a line feed.
    private var searched = 0

    /// Takes bytes as they came, in any pieces.
    mutating func append(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            buffer.discardReadBytes()
            buffer.writeImmutableBuffer(bytes)
        }
    }

    /// The next whole line without its line feed; `nil`: more bytes are needed.
    mutating func next() throws(LineTooLong) -> ByteBuffer? {
        let view = buffer.readableBytesView
        let start = view.index(view.startIndex, offsetBy: searched)
        guard let end = view[start...].firstIndex(of: UInt8(ascii: "\n")) else {
            searched = view.count
            guard searched <= Self.lineLimit else { throw LineTooLong() }
            return nil
        }
        let length = end - view.startIndex
        searched = 0
        guard length <= Self.lineLimit else { throw LineTooLong() }
        let line = buffer.readSlice(length: length)
        buffer.moveReaderIndex(forwardBy: 1)
        return line
    }
}
