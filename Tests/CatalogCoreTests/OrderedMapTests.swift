// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import Testing

/// The map is internal; the mount table shows all it does: order, lookup, copies that stay as they were.
struct OrderedMapTests {
    /// Goal: a catalog's mount table equals a sorted dictionary after any writes, and copies keep.
    ///
    /// Method: paths from a small set so that chunks split, empty and join again.
    @Test(arguments: UInt64(1)...8)
    func theMountTableEqualsASortedDictionary(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        var catalog = formedCatalog()
        var model: [ByteString: Revision] = [:]
        var copies: [(catalog: Catalog, model: [ByteString: Revision])] = []

        for step in 0..<4000 {
            // Growing and shrinking phases: full and nearly empty tables are both met.
            let isGrowing = step / 1000 % 2 == 0
            let path = ByteString("/m\(Int.random(in: 0..<700, using: &generator))")
            if generator.chance(percent: isGrowing ? 80 : 25) {
                model[path] = catalog.put(path, if: .any).mount?.modRevision
            } else {
                let removed = catalog.perform(.removeMount(path: path, .any)).refusal == nil
                #expect(removed == (model.removeValue(forKey: path) != nil), "seed \(seed)")
            }
            if step % 500 == 0 { copies.append((catalog, model)) }
        }
        for (catalog, model) in copies + [(catalog, model)] {
            let expected = model.keys.sorted()
            #expect(catalog.mounts().map(\.path) == expected, "seed \(seed)")
            #expect(catalog.mountCount == expected.count)
            for number in 0..<700 {
                let path = ByteString("/m\(number)")
                #expect(catalog.mount(at: path)?.modRevision == model[path], "seed \(seed)")
            }
        }
        #expect(copies.map(\.model.count).max() ?? 0 > 256, "seed \(seed) filled too few chunks")
    }
}
