// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import Testing

/// Goal: what memory does to an entry by itself shows in the digest within a bounded number of
/// commands, and nowhere else does a digest change.
struct DigestTests {
    private static let refused = CatalogCommand.Operation.activate(NodeID(99))

    private static func filledCatalog() -> Catalog {
        var catalog = formedCatalog()
        for number in 0..<500 {
            catalog.put(ByteString("/data/m\(number)"), mount(number))
            catalog.perform(refused, key: "key \(number)", fingerprint: 1)
        }
        return catalog
    }

    /// Its origin is long enough to have bytes of its own on the heap.
    private static func mount(_ number: Int) -> Mount {
        Mount(origin: "s3://a-bucket-with-a-long-name/prefix-\(number)")
    }

    /// Bits of an entry that no command touches again, wherever the patrol happens to be.
    @Test(arguments: [0, 7, 250, 499], [0, 3, 60, 130])
    func aFlippedBitShowsWithinOneRound(entry: Int, idle: Int) throws {
        var catalog = Self.filledCatalog()
        for _ in 0..<idle { catalog.perform(Self.refused) }
        let sound = catalog.stateDigest
        let path = ByteString("/data/m\(entry)")
        try flipBit(ofOriginIn: try #require(catalog.mount(at: path)))

        // The round that has passed the entry, a whole one, and the wait for the last patrol of it.
        // 3 workers, 2 rings, 500 mounts and outcomes each, one origin a mount, one cluster.
        let entries = 3 + 2 + 500 + 500 + 500 + 1
        var commands = 0
        while catalog.stateDigest == sound, commands <= 2 * entries {
            catalog.perform(Self.refused)
            commands += 1
        }
        #expect(catalog.stateDigest != sound)
        #expect(commands <= 2 * entries / 2 + 32, "after \(commands) commands")
        #expect(catalog.damageCount == 1)

        try flipBit(ofOriginIn: try #require(catalog.mount(at: path)))
        catalog.inspect()
        #expect(catalog.stateDigest == sound, "the same bytes again")
    }

    @Test func anInspectionFindsAFlippedBitAtOnce() throws {
        var catalog = Self.filledCatalog()
        let isSound = catalog.inspect()
        #expect(isSound)
        let sound = catalog.stateDigest
        try flipBit(ofOriginIn: try #require(catalog.mount(at: "/data/m11")))
        let isStillSound = catalog.inspect()
        #expect(!isStillSound)
        #expect(catalog.stateDigest != sound)
    }

    /// A damaged catalog gives no snapshot that anyone would load.
    @Test func aDamagedStateIsNotTakenOver() throws {
        let catalog = Self.filledCatalog()
        _ = try Catalog(decodingSnapshot: catalog.encodeSnapshot())
        try flipBit(ofOriginIn: try #require(catalog.mount(at: "/data/m11")))
        #expect(throws: ByteDecodingError.self) {
            try Catalog(decodingSnapshot: catalog.encodeSnapshot())
        }
    }

    /// Replicas whose patrols are at different places hold the same digest all the time.
    @Test func thePatrolIsNoPartOfTheState() throws {
        var catalog = Self.filledCatalog()
        var copies = [catalog, try Catalog(decodingSnapshot: catalog.encodeSnapshot())]
        for number in 0..<700 {
            let path = ByteString("/data/m\(number * 7 % 600)")
            for position in copies.indices {
                if number % 3 == 0 {
                    copies[position].perform(.removeMount(path: path, .any))
                } else {
                    copies[position].put(path, Self.mount(number), if: .any)
                }
            }
            if number % 50 == 0 { copies[1].inspect() }
            #expect(copies[0].stateDigest == copies[1].stateDigest, "step \(number)")
        }
        catalog = copies[0]
        let isSound = catalog.inspect()
        #expect(isSound)
        #expect(catalog.stateDigest == copies[1].stateDigest)
    }

    /// A snapshot of format 1 has no retired stores, no past and no digest, and is read all the same.
    @Test func theFormatBefore() throws {
        var catalog = formedCatalog()
        for number in 0..<50 { catalog.perform(Self.refused, key: "key \(number)") }
        let former = try CodingTests.formerSnapshot(catalog)
        #expect(try Catalog(decodingSnapshot: former).stateDigest == catalog.stateDigest)
    }
}

/// Turns one bit of a live entry: where its origin's text lies in memory, as a cosmic ray would.
func flipBit(ofOriginIn entry: MountEntry) throws {
    var origin = entry.mount.origin
    try #require(origin.utf8.count > 15, "short texts live in the value itself")
    origin.withUTF8 { text in
        let bytes = unsafe UnsafeMutableBufferPointer(mutating: text)
        unsafe bytes[bytes.count - 1] ^= 1
    }
}
