// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import Testing

/// Goal: a full mount table stays usable, with a reader's copy alive at each write.
///
/// Measured in a debug build on two cores shared with other work: a write beside a copy 0.2 ms, a
/// resolution 0.1 ms, the snapshot 11.4 MB, written in 0.5 s and read in 8 s.
/// The bounds are ten times what a debug build takes on two busy cores: they catch a cost that grows
/// with the table (copying 100,000 entries a write would take minutes), not a slow machine.
struct ScaleTests {
    @Test(.timeLimit(.minutes(5)))
    func aHundredThousandMounts() throws {
        let clock = ContinuousClock()
        var catalog = formedCatalog()
        let mount = Mount(origin: "s3://bucket/prefix", options: [option("region", "ap-1")])
        func path(_ number: Int) -> ByteString {
            ByteString("/data/team-\(number % 100)/m\(number)")
        }

        let filling = clock.measure {
            for number in 0..<CatalogLimits.mountCount { catalog.put(path(number), mount) }
        }
        #expect(catalog.mountCount == CatalogLimits.mountCount)
        #expect(catalog.put("/one/more", mount).refusal?.kind == "full")
        #expect(catalog.put(path(7), mount, if: .any).refusal == nil, "replacing is still allowed")

        var copies: [Catalog] = []
        let writing = clock.measure {
            for number in 0..<1000 {
                copies.append(catalog)
                catalog.put(path(number * 97), mount, if: .any)
            }
        }
        let resolving = clock.measure {
            for number in 0..<1000 {
                #expect(catalog.resolve(path(number) + "/a/b/c", region: "ap") != nil)
            }
        }
        #expect(copies[0].mount(at: path(97))?.modRevision.rawValue == 99)

        var snapshot: [UInt8] = []
        let encoding = clock.measure { snapshot = catalog.encodeSnapshot() }
        var decoded = Catalog()
        let decoding = try clock.measure { decoded = try Catalog(decodingSnapshot: snapshot) }
        #expect(decoded.stateDigest == catalog.stateDigest)
        print(
            """
            100,000 mounts: filled in \(filling), 1,000 writes beside copies \(writing), \
            1,000 resolutions \(resolving), snapshot of \(snapshot.count) bytes written in \
            \(encoding), read in \(decoding)
            """
        )
        #expect(filling < .seconds(120) && writing < .seconds(10) && resolving < .seconds(10))
        #expect(encoding < .seconds(60) && decoding < .seconds(120))
    }
}
