// SPDX-License-Identifier: Apache-2.0
/// How an object of a given size is cut into pages and units.
///
///     object   |<------------------------ byteCount ----------------------->|
///     pages    | 1 MiB | 1 MiB | …                              | ≤ 1 MiB  |   what is stored, sent
///     units    | 64 pages = 64 MiB               | ≤ 64 pages              |   what is placed
///
/// Both sizes are constants of format 1: they stand in every store header and every hello of the
/// page protocol, and a store or peer with others is refused.
///
/// - Source: Docs/placement.md.
package struct PageGeometry: Hashable, Sendable {
    /// Bytes of every page but an object's last: 1 MiB.
    package static let pageByteCount: UInt64 = 1 << 20

    /// Pages of every unit but an object's last.
    package static let pagesPerUnit: UInt32 = 64

    /// Bytes of every unit but an object's last: 64 MiB.
    package static let unitByteCount = pageByteCount * UInt64(pagesPerUnit)

    /// The largest object whose pages 32 bits can number: 4 PiB less one page.
    package static let maximumObjectByteCount = UInt64(UInt32.max) * pageByteCount

    /// Size of the object, in bytes.
    package let byteCount: UInt64

    /// Returns `nil` for objects above ``maximumObjectByteCount``.
    package init?(byteCount: UInt64) {
        guard byteCount <= Self.maximumObjectByteCount else { return nil }
        self.byteCount = byteCount
    }

    /// How many pages the object has; 0 for an empty one.
    package var pageCount: UInt32 {
        UInt32((byteCount + Self.pageByteCount - 1) / Self.pageByteCount)
    }

    /// How many units the object has; 0 for an empty one.
    package var unitCount: UInt32 {
        UInt32((byteCount + Self.unitByteCount - 1) / Self.unitByteCount)
    }

    /// The page that holds the byte at `offset`; `nil` at or behind the end.
    package func page(at offset: UInt64) -> UInt32? {
        offset < byteCount ? UInt32(offset / Self.pageByteCount) : nil
    }

    /// The bytes of a page, as offsets in the object; empty behind the last page.
    package func range(ofPage page: UInt32) -> Range<UInt64> {
        let start = min(UInt64(page) * Self.pageByteCount, byteCount)
        return start..<min(start + Self.pageByteCount, byteCount)
    }

    /// How many bytes a page holds: 1 MiB, less for the last one, 0 behind it.
    package func byteCount(ofPage page: UInt32) -> Int {
        let range = range(ofPage: page)
        return Int(range.upperBound - range.lowerBound)
    }

    /// The pages that a range of the object touches; empty for an empty range.
    ///
    /// What lies behind the end of the object is left out.
    package func pages(covering range: Range<UInt64>) -> Range<UInt32> {
        let clamped = range.clamped(to: 0..<byteCount)
        guard !clamped.isEmpty else { return 0..<0 }
        let first = UInt32(clamped.lowerBound / Self.pageByteCount)
        let last = UInt32((clamped.upperBound - 1) / Self.pageByteCount)
        return first..<last + 1
    }

    /// The pages of a unit; empty behind the last one.
    package func pages(ofUnit unit: UInt32) -> Range<UInt32> {
        guard unit < unitCount else { return pageCount..<pageCount }
        let first = unit * Self.pagesPerUnit
        return first..<first + min(Self.pagesPerUnit, pageCount - first)
    }

    /// The unit that a page belongs to.
    package static func unit(ofPage page: UInt32) -> UInt32 { page / pagesPerUnit }

    /// The unit that holds the byte at `offset`; `nil` from 4 PiB on.
    package static func unit(at offset: UInt64) -> UInt32? {
        offset < maximumObjectByteCount ? UInt32(offset / unitByteCount) : nil
    }
}
