// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The unit a disk writes whole or not at all, and how the log proves that one was written.
///
/// A batch's bytes are laid out 511 to a sector; the sector's last byte is a mark that is never
/// zero. Segments start as zeros. So a sector that reads as zeros was never written, whatever the
/// payload was, and a sector that starts a batch cannot be imitated by one.
enum Sector {
    static let byteCount = 512
    static let contentByteCount = byteCount - 1

    /// The last byte of a written sector.
    enum Mark: UInt8 {
        /// A batch starts here.
        case first = 0xB5
        /// A batch goes on here.
        case further = 0xC3
    }

    /// Sectors that a stream of so many bytes takes.
    static func count(ofStream byteCount: Int) -> Int {
        (byteCount + contentByteCount - 1) / contentByteCount
    }

    /// Lays a stream out in marked sectors, the last filled up with zeros.
    static func marked(_ stream: [UInt8]) -> [UInt8] {
        var sectors: [UInt8] = []
        sectors.reserveCapacity(count(ofStream: stream.count) * byteCount)
        var position = 0
        while position < stream.count {
            let end = min(position + contentByteCount, stream.count)
            let mark = position == 0 ? Mark.first : .further
            sectors.append(contentsOf: stream[position..<end])
            let padding = contentByteCount - (end - position)
            sectors.append(contentsOf: zeros[..<padding])
            sectors.append(mark.rawValue)
            position = end
        }
        return sectors
    }

    /// The mark of the sector at `offset`; `nil` if it is none.
    static func mark(of bytes: [UInt8], at offset: Int) -> Mark? {
        Mark(rawValue: bytes[offset + contentByteCount])
    }

    /// The first `byteCount` bytes of the stream whose sectors start at `offset`.
    static func stream(of bytes: [UInt8], at offset: Int, byteCount: Int) -> [UInt8] {
        var stream: [UInt8] = []
        stream.reserveCapacity(byteCount)
        var start = offset
        while stream.count < byteCount {
            let part = min(contentByteCount, byteCount - stream.count)
            stream.append(contentsOf: bytes[start..<start + part])
            start += Self.byteCount
        }
        return stream
    }

    private static let zeros = [UInt8](repeating: 0, count: byteCount)

    /// Whether the sector at `offset` was never written.
    static func isZero(_ bytes: [UInt8], at offset: Int) -> Bool {
        precondition(offset >= 0 && offset + byteCount <= bytes.count, "a sector of the segment")
        return unsafe bytes.withUnsafeBytes { segment in
            unsafe zeros.withUnsafeBytes { zeros in
                guard let segment = segment.baseAddress, let zeros = zeros.baseAddress else {
                    return true
                }
                // Safe because the precondition keeps the range inside `segment`, and `zeros` is
                // one sector long. Not a Swift loop: it runs over every segment at each start.
                return unsafe memcmp(segment + offset, zeros, byteCount) == 0
            }
        }
    }
}
