// SPDX-License-Identifier: Apache-2.0
import RaftCore

/// Segments as they were scanned, for whoever reads a log once more of which little has changed.
///
/// Whoever keeps one vouches for the bytes: a segment that may read otherwise than it did has to be
/// forgotten before the log is read again. Starts have none.
final class SegmentShelf {
    private var scans: [UInt64: SegmentScan] = [:]

    func scan(of number: UInt64) -> SegmentScan? { scans[number] }

    /// Only a scan that met nothing wrong is kept: what stopped it may go away.
    func keep(_ scan: SegmentScan, of number: UInt64) {
        scans[number] = scan.finding == nil ? scan : nil
    }

    /// Puts what was scanned behind it to what is known of a segment, from byte `start` on.
    func extend(_ number: UInt64, by rest: SegmentScan, from start: Int) {
        guard rest.finding == nil else { return forget(number) }
        scans[number]?.goOn(with: rest, from: start)
    }

    func forget(_ number: UInt64) { scans[number] = nil }

    /// Forgets segments that are not there any more.
    func keepOnly(_ numbers: [UInt64]) { scans = scans.filter { numbers.contains($0.key) } }
}
