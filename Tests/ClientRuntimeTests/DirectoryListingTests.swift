// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import Origins
import Primitives
import Testing

struct DirectoryListingTests {
    /// Goal: order, uniqueness and paging of `CONTRACT.md` §3 for any keys.
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
}
