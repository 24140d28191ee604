// SPDX-License-Identifier: Apache-2.0
import PlacementCore
import Testing

@Suite struct PageGeometryTests {
    private static let page = PageGeometry.pageByteCount

    // swift-format-ignore
    @Test(arguments: [
        //  bytes                    pages  units  bytes of the last page
        (UInt64(0),                  UInt32(0), UInt32(0), 0),
        (1,                          1,     1,     1),
        (page - 1,                   1,     1,     Int(page) - 1),
        (page,                       1,     1,     Int(page)),
        (page + 1,                   2,     1,     1),
        (64 * page,                  64,    1,     Int(page)),
        (64 * page + 1,              65,    2,     1),
        (150 * page,                 150,   3,     Int(page)),
        (PageGeometry.maximumObjectByteCount, UInt32.max, 1 << 26, Int(page)),
    ] as [(UInt64, UInt32, UInt32, Int)])
    func counts(bytes: UInt64, pages: UInt32, units: UInt32, last: Int) throws {
        let geometry = try #require(PageGeometry(byteCount: bytes))
        #expect(geometry.pageCount == pages)
        #expect(geometry.unitCount == units)
        #expect(geometry.byteCount(ofPage: max(pages, 1) - 1) == last)
        #expect(geometry.byteCount(ofPage: pages) == 0)
        #expect(geometry.page(at: bytes) == nil)
        if bytes > 0 { #expect(geometry.page(at: bytes - 1) == pages - 1) }
        #expect(geometry.pages(ofUnit: units).isEmpty)
    }

    @Test func tooLargeIsRefused() {
        #expect(PageGeometry(byteCount: PageGeometry.maximumObjectByteCount + 1) == nil)
        #expect(PageGeometry.unit(at: PageGeometry.maximumObjectByteCount) == nil)
        #expect(PageGeometry.unit(at: PageGeometry.unitByteCount) == 1)
    }

    @Test func pagesCoverExactlyTheRange() throws {
        let geometry = try #require(PageGeometry(byteCount: 3 * Self.page + 7))
        #expect(geometry.pages(covering: 0..<0).isEmpty)
        #expect(geometry.pages(covering: 0..<1) == 0..<1)
        #expect(geometry.pages(covering: Self.page - 1..<Self.page + 1) == 0..<2)
        #expect(geometry.pages(covering: Self.page..<2 * Self.page) == 1..<2)
        #expect(geometry.pages(covering: 3 * Self.page..<UInt64.max) == 3..<4)
        #expect(geometry.pages(covering: 9 * Self.page..<10 * Self.page).isEmpty)
        #expect(geometry.range(ofPage: 3) == 3 * Self.page..<3 * Self.page + 7)
    }

    @Test func unitsPartitionThePages() throws {
        let geometry = try #require(PageGeometry(byteCount: 130 * Self.page))
        let pages = (0..<geometry.unitCount).flatMap { geometry.pages(ofUnit: $0) }
        #expect(pages == Array(0..<130))
        for page in pages {
            let unit = PageGeometry.unit(ofPage: page)
            #expect(geometry.pages(ofUnit: unit).contains(page))
        }
    }
}
