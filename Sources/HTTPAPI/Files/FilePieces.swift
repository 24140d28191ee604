// SPDX-License-Identifier: Apache-2.0
import PlacementCore

/// A range of a file, cut where its pages are, so that no page is read twice.
///
///     file    |   page 0   |   page 1   |   page 2   |
///     range        |<------------------------>|
///     pieces       | 0     |    1       |  2  |
struct FilePieces: Sendable {
    let range: Range<UInt64>

    private var firstPage: UInt64 { range.lowerBound / PageGeometry.pageByteCount }

    var count: Int {
        guard !range.isEmpty else { return 0 }
        let lastPage = (range.upperBound - 1) / PageGeometry.pageByteCount
        return Int(clamping: lastPage - firstPage + 1)
    }

    /// The bytes of one piece; `index` is 0..<`count`.
    subscript(index: Int) -> Range<UInt64> {
        let start = (firstPage + UInt64(index)) * PageGeometry.pageByteCount
        let (end, isOverflow) = start.addingReportingOverflow(PageGeometry.pageByteCount)
        return max(
            start,
            range.lowerBound
        )..<(isOverflow ? range.upperBound : min(end, range.upperBound))
    }
}
