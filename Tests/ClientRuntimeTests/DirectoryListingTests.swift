// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import Origins
import Primitives
import Testing

struct DirectoryListingTests {
    /// Goal: order, uniqueness and paging of listings for any keys.
    ///
    /// Method: random keys of few letters, so that `p`, `p/…` and names around `/` collide often; a
    /// model that sorts a dictionary.
    @Test(arguments: UInt64(1)...40) func pagesAreTheSortedNames(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var builder = DirectoryListingBuilder(prefix: "d/")
        var model: [ByteString: Bool] = [:]  // name → is it a directory
        for _ in 0..<3 {
            var objects: [OriginObject] = []
            var prefixes: [ByteString] = []
            for _ in 0..<20 {
                let letters: [UInt8] = Array("ab-.0é".utf8)
                let length = Int.random(in: 1...3, using: &random)
                let name = ByteString(
                    (0..<length).map { _ in letters.randomElement(using: &random) ?? 97 }
                )
                let isShown = name != "." && name != ".."
                if random.chance(percent: 40) {
                    prefixes.append("d/" + name + "/")
                    if isShown { model[name] = true }
                } else if model[name] == nil {
                    objects.append(
                        OriginObject(key: "d/" + name, size: 1, modifiedUnixNS: 0, version: "v")
                    )
                    if isShown { model[name] = false }
                }
            }
            builder.add(OriginListing(objects: objects, prefixes: prefixes, next: nil))
        }
        let listing = builder.build()
        let expected = model.sorted { lhs, rhs in
            (lhs.value ? lhs.key + "/" : lhs.key) < (rhs.value ? rhs.key + "/" : rhs.key)
        }
        #expect(listing.entries.map(\.name) == expected.map(\.key), "seed \(seed)")
        #expect(listing.entries.map(\.isDirectory) == expected.map(\.value), "seed \(seed)")

        var paged: [ByteString] = []
        var after: ByteString?
        let limit = Int.random(in: 1...7, using: &random)
        while true {
            let page = listing.page(after: after, limit: limit)
            paged += page.entries.map(\.name)
            after = page.entries.last?.name
            guard page.hasMore else { break }
        }
        #expect(paged == expected.map(\.key), "seed \(seed), limit \(limit)")
    }

    /// Goal: a cursor stands for its place when its entry has gone or is of another kind, and a bare name
    /// for the directory that is there.
    ///
    /// Method: names around `/` in the order of bytes; each is removed, or replaced, in turn.
    @Test func aCursorOutlivesItsEntry() {
        let names: [(name: ByteString, isDirectory: Bool)] = [
            ("a", false), ("a-1", false), ("a.txt", false), ("b", true), ("b-1", false),
            ("c+", true), ("c", true), ("c.d", false), ("c0", false),
        ]
        func listing(_ names: [(name: ByteString, isDirectory: Bool)]) -> DirectoryListing {
            var builder = DirectoryListingBuilder(prefix: "d/")
            let files = names.filter { !$0.isDirectory }.map {
                OriginObject(key: "d/" + $0.name, size: 1, modifiedUnixNS: 0, version: "v")
            }
            let prefixes = names.filter(\.isDirectory).map { "d/" + $0.name + "/" }
            builder.add(OriginListing(objects: files, prefixes: prefixes, next: nil))
            return builder.build()
        }
        let whole = listing(names)
        for (position, entry) in whole.entries.enumerated() {
            let behind = whole.entries[(position + 1)...].map(\.name)
            let cursor = entry.isDirectory ? entry.name + "/" : entry.name
            let without = listing(names.filter { $0.name != entry.name })
            #expect(without.page(after: cursor, limit: 100).entries.map(\.name) == behind)
            for asked in [cursor, entry.name] {
                #expect(whole.page(after: asked, limit: 100).entries.map(\.name) == behind)
            }
        }
    }
}
