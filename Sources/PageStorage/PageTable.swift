// SPDX-License-Identifier: Apache-2.0
package import PlacementCore

/// Which pages of one object are stored, their checksums, and which were verified since the start.
///
/// Memory follows what is stored, not the size of the object: one entry a unit with at least one
/// page, about 40 bytes and 4 bytes for each page of the unit.
package struct PageTable: Sendable {
    /// What is known of a stored page.
    package struct Entry: Equatable, Sendable {
        package let checksum: UInt32
        /// Whether the bytes on disk were compared with the checksum since the start.
        package let isVerified: Bool

        package init(checksum: UInt32, isVerified: Bool) {
            self.checksum = checksum
            self.isVerified = isVerified
        }
    }

    private struct Unit {
        let number: UInt32
        /// One bit a page.
        var present: UInt64 = 0
        /// One bit a page; only where `present` has one too.
        var verified: UInt64 = 0
        var checksums: [UInt32]
    }

    private let geometry: PageGeometry
    /// In the order of numbers, none without a page.
    private var units: [Unit] = []

    /// Pages stored.
    package private(set) var pageCount: UInt32 = 0

    package init(geometry: PageGeometry) { self.geometry = geometry }

    /// Whether every page of the object is stored.
    package var isComplete: Bool { pageCount == geometry.pageCount }

    /// Indexes of the stored pages, rising.
    package var pages: [UInt32] {
        units.flatMap { unit in
            (0..<PageGeometry.pagesPerUnit).filter { unit.present & (1 << UInt64($0)) != 0 }
                .map { unit.number * PageGeometry.pagesPerUnit + $0 }
        }
    }

    /// The units with stored pages, in the order of numbers, one bit a page.
    package var unitPages: [(unit: UInt32, pages: UInt64)] {
        units.map { ($0.number, $0.present) }
    }

    package subscript(page: UInt32) -> Entry? {
        guard let (index, bit) = locate(page), units[index].present & bit != 0 else { return nil }
        return Entry(
            checksum: units[index].checksums[Int(page % PageGeometry.pagesPerUnit)],
            isVerified: units[index].verified & bit != 0
        )
    }

    /// Records that a page is stored.
    ///
    /// - Parameters:
    ///   - page: Below the object's page count.
    ///   - entry: What is known of it from now on.
    package mutating func insert(_ page: UInt32, _ entry: Entry) {
        precondition(page < geometry.pageCount, "page \(page) of \(geometry.pageCount)")
        let number = PageGeometry.unit(ofPage: page)
        let index = firstIndex(notBelow: number)
        if index == units.count || units[index].number != number {
            let pageCount = geometry.pages(ofUnit: number).count
            let checksums = [UInt32](repeating: 0, count: pageCount)
            units.insert(Unit(number: number, checksums: checksums), at: index)
        }
        let bit = Self.bit(of: page)
        if units[index].present & bit == 0 { pageCount += 1 }
        units[index].present |= bit
        units[index].checksums[Int(page % PageGeometry.pagesPerUnit)] = entry.checksum
        if entry.isVerified {
            units[index].verified |= bit
        } else {
            units[index].verified &= ~bit
        }
    }

    /// Forgets a page; nothing happens where it is not stored.
    package mutating func remove(_ page: UInt32) {
        guard let (index, bit) = locate(page), units[index].present & bit != 0 else { return }
        units[index].present &= ~bit
        units[index].verified &= ~bit
        pageCount -= 1
        if units[index].present == 0 { units.remove(at: index) }
    }

    /// Forgets every page.
    package mutating func removeAll() {
        units = []
        pageCount = 0
    }

    // MARK: - Private parts

    private func locate(_ page: UInt32) -> (index: Int, bit: UInt64)? {
        let number = PageGeometry.unit(ofPage: page)
        let index = firstIndex(notBelow: number)
        guard index < units.count, units[index].number == number else { return nil }
        return (index, Self.bit(of: page))
    }

    private static func bit(of page: UInt32) -> UInt64 {
        1 << UInt64(page % PageGeometry.pagesPerUnit)
    }

    private func firstIndex(notBelow number: UInt32) -> Int {
        var (low, high) = (0, units.count)
        while low < high {
            let middle = (low + high) / 2
            if units[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
