// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import FuseMount
import Primitives
import Testing

@Suite struct DirectoryPagesTests {
    static let attributes = FileAttributes(
        kind: .file,
        size: 1,
        modifiedUnixNS: 0,
        version: "v",
        validFor: nil
    )

    static func entry(_ name: ByteString) -> DirectoryEntry {
        DirectoryEntry(name: name, attributes: attributes)
    }

    /// A directory that can be listed: names in order, pages of any size.
    struct Listing {
        var names: [ByteString]

        func page(after: ByteString?, limit: Int) -> DirectoryPage {
            let rest = names.filter { name in after.map { name > $0 } ?? true }
            return DirectoryPage(
                entries: rest.prefix(limit).map(entry),
                hasMore: rest.count > limit
            )
        }
    }

    /// All that is answered for `index`, pages listed as needed.
    static func answer(
        _ pages: inout DirectoryPages,
        from index: Int,
        listing: Listing,
        limit: Int
    ) -> (names: [ByteString], firstIndex: Int)? {
        for _ in 0..<100 {
            switch pages.lookup(from: index) {
            case .entries(let entries, let firstIndex): return (entries.map(\.name), firstIndex)
            case .end: return nil
            case .missing(let request):
                pages.insert(listing.page(after: request.after, limit: limit), for: request)
            }
        }
        Issue.record("never answered")
        return nil
    }

    static func names(_ range: Range<Int>) -> [ByteString] {
        range.map { ByteString("n\(10_000 + $0)") }
    }

    /// Goal: any number, asked in any order, always names the same entry, in bounded memory.
    @Test(arguments: UInt64(1)...30) func numbersNameTheSameEntryForEver(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let count = Int.random(in: 0...300, using: &random)
        let limit = Int.random(in: 1...40, using: &random)
        let listing = Listing(names: Self.names(0..<count))
        var pages = DirectoryPages()
        var index = 0
        while let part = Self.answer(&pages, from: index, listing: listing, limit: limit) {
            #expect(part.firstIndex == index)
            #expect(part.names == Array(listing.names[index..<index + part.names.count]))
            index += part.names.count
        }
        #expect(index == count)

        for _ in 0..<200 {
            let wanted = Int.random(in: 0...count + 5, using: &random)
            let part = Self.answer(&pages, from: wanted, listing: listing, limit: limit)
            #expect(part?.names.first == (wanted < count ? listing.names[wanted] : nil))
            #expect(pages.loadedCount <= DirectoryPages.windowPages)
        }
    }

    @Test func entriesThatVanishedOrCameLaterDoNotMoveTheOthers() {
        let listing = Listing(names: Self.names(0..<50))
        var pages = DirectoryPages()
        var index = 0
        while let part = Self.answer(&pages, from: index, listing: listing, limit: 10) {
            index += part.names.count
        }
        var changed = listing
        changed.names.removeAll { $0 == "n10003" || $0 == "n10004" }
        changed.names.insert("n10001b", at: 2)
        for index in stride(from: 10, to: 50, by: 10) {
            let part = Self.answer(&pages, from: index, listing: changed, limit: 10)
            #expect(part?.names.first == listing.names[index])
        }
        let first = Self.answer(&pages, from: 0, listing: changed, limit: 10)
        #expect(first?.names.count == 10 || first?.names.count == 9)
    }

    @Test func behindADirectoryThePageBeginsAtItsPlaceInTheOrder() {
        let directory = FileAttributes(
            kind: .directory,
            size: 0,
            modifiedUnixNS: 0,
            version: "",
            validFor: nil
        )
        var pages = DirectoryPages()
        guard case .missing(let request) = pages.lookup(from: 0) else {
            Issue.record("a new directory knows nothing")
            return
        }
        let entries = [Self.entry("a"), DirectoryEntry(name: "b", attributes: directory)]
        pages.insert(DirectoryPage(entries: entries, hasMore: true), for: request)
        guard case .missing(let next) = pages.lookup(from: 2) else {
            Issue.record("there is more")
            return
        }
        #expect(next.after == "b/")
    }

    @Test func rewindForgetsAndDropsLateAnswers() {
        let listing = Listing(names: Self.names(0..<5))
        var pages = DirectoryPages()
        guard case .missing(let request) = pages.lookup(from: 0) else {
            Issue.record("a new directory knows nothing")
            return
        }
        pages.rewind()
        pages.insert(listing.page(after: nil, limit: 10), for: request)
        guard case .missing = pages.lookup(from: 0) else {
            Issue.record("the answer from before the rewind was taken")
            return
        }
    }

    @Test func pagesWithNothingVisibleArePassedOver() {
        let hidden = (0..<20).map { number in
            ByteString("n" + String(repeating: "x", count: 300) + "\(10 + number)")
        }
        let listing = Listing(names: ["a"] + hidden + ["z"])
        var pages = DirectoryPages()
        let first = Self.answer(&pages, from: 0, listing: listing, limit: 3)
        #expect(first?.names == ["a"])
        let second = Self.answer(&pages, from: 1, listing: listing, limit: 3)
        #expect(second?.names == ["z"])
        #expect(Self.answer(&pages, from: 2, listing: listing, limit: 3) == nil)
    }

    @Test func anEmptyPageThatPromisesMoreEndsTheDirectory() {
        var pages = DirectoryPages()
        guard case .missing(let request) = pages.lookup(from: 0) else { return }
        pages.insert(DirectoryPage(entries: [], hasMore: true), for: request)
        #expect(pages.lookup(from: 0) == .end)
    }
}

@Suite struct ReadPatternTests {
    static let size: UInt64 = 1 << 30

    @Test func nothingIsFetchedAheadBeforeTheSecondSequentialRead() {
        var pattern = ReadPattern()
        #expect(pattern.readAhead(for: 0..<4096, size: Self.size) == 0)
        #expect(pattern.readAhead(for: 4096..<8192, size: Self.size) == ReadPattern.firstHint)
    }

    @Test func theHintGrowsToItsLimitAndStopsAtTheEnd() {
        var pattern = ReadPattern()
        var hints: [UInt64] = []
        for index in UInt64(0)..<8 {
            hints.append(pattern.readAhead(for: index << 20..<(index + 1) << 20, size: 10 << 20))
        }
        let mebibyte: UInt64 = 1 << 20
        #expect(hints == [0, 4, 7, 6, 5, 4, 3, 2].map { $0 * mebibyte })
    }

    @Test func requestsThatOvertakeEachOtherAreSequential() {
        var pattern = ReadPattern()
        var last: UInt64 = 0
        for index: UInt64 in [1, 0, 3, 2, 5, 4] {
            last = pattern.readAhead(for: index << 20..<(index + 1) << 20, size: Self.size)
        }
        #expect(last == ReadPattern.largestHint)
    }

    /// Goal: random reads never cause anything to be fetched ahead.
    @Test func randomReadsFetchNothingAhead() {
        var pattern = ReadPattern()
        for index: UInt64 in [900, 100, 500, 20, 700, 300] {
            #expect(pattern.readAhead(for: index << 20..<index << 20 + 4096, size: Self.size) == 0)
        }
    }
}
