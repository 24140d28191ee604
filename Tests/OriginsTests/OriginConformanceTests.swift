// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Origins
import Primitives
import Testing

/// What every ``Origin`` must do, against real stores.
@Suite(.conformanceStores, .serialized)
struct OriginConformanceTests {
    private func run(
        _ store: ConformanceStore,
        _ body: (any Origin, ConformanceFixture, OriginRig) async throws -> Void
    ) async throws {
        let fixture = try #require(ConformanceFixture.all[store])
        try await OriginRig.run(environment: serverEnvironment) { rig in
            try await body(try rig.origin(fixture.uri, options: fixture.options), fixture, rig)
        }
    }

    @Test(arguments: ConformanceStore.allCases)
    func everyObjectHasItsSizeAndItsBytes(store: ConformanceStore) async throws {
        try await run(store) { origin, fixture, _ in
            for (key, size) in fixture.keys {
                let object = try await origin.attributes(of: key)
                #expect(object.key == key)
                #expect(object.size == UInt64(size), "\(key)")
                guard size > 0 else { continue }
                let bytes = try await origin.read(object, range: 0..<UInt64(size))
                #expect(Array(bytes.readableBytesView) == content(of: key, count: size), "\(key)")
            }
        }
    }

    // swift-format-ignore
    static let ranges: [Range<UInt64>] = [
        0..<1, 0..<1_048_577, 1_048_576..<1_048_577, 1_048_575..<1_048_577, 7..<4096, 4095..<4097,
    ]

    @Test(arguments: ConformanceStore.allCases)
    func aRangeIsExactlyThatRange(store: ConformanceStore) async throws {
        try await run(store) { origin, _, rig in
            let object = try await origin.attributes(of: "page-plus")
            let whole = content(of: "page-plus", count: ConformanceFixture.page + 1)
            _ = rig.records()
            for range in Self.ranges {
                let bytes = try await origin.read(object, range: range)
                #expect(
                    Array(bytes.readableBytesView)
                        == Array(whole[Int(range.lowerBound)..<Int(range.upperBound)]),
                    "\(range)"
                )
                let record = OriginRequestRecord(
                    method: .get,
                    status: store == .moto ? 206 : 200,
                    byteCount: range.count
                )
                #expect(rig.records() == [record], "\(range)")
            }
        }
    }

    // swift-format-ignore
    static let wrongRanges: [Range<UInt64>] = [
        0..<0, 0..<1_048_578, 1_048_577..<1_048_578, 5_000_000..<5_000_001, 0..<UInt64.max,
    ]

    @Test(arguments: ConformanceStore.allCases)
    func aRangeOutsideTheObjectIsRefusedUnasked(store: ConformanceStore) async throws {
        try await run(store) { origin, _, rig in
            let object = try await origin.attributes(of: "page-plus")
            _ = rig.records()
            for range in Self.wrongRanges {
                await #expect(throws: OriginError.rangeNotSatisfiable, "\(range)") {
                    try await origin.read(object, range: range)
                }
            }
            #expect(rig.records() == [])
        }
    }

    @Test(arguments: ConformanceStore.allCases, [3, 1000])
    func aListingIsCompleteInBytewiseOrder(store: ConformanceStore, limit: Int) async throws {
        try await run(store) { origin, fixture, _ in
            let listing = try await origin.listAll(limit: limit)
            let expected = fixture.keys.sorted { $0.key < $1.key }
            #expect(listing.objects.map(\.key) == expected.map(\.key))
            #expect(listing.objects.map(\.size) == expected.map { UInt64($0.size) })
            #expect(listing.prefixes == [])
            #expect(listing.pages.allSatisfy { $0.objects.count <= limit })
            #expect(limit > 3 || listing.pages.count > 5)
        }
    }

    @Test(arguments: ConformanceStore.allCases)
    func listingAndAttributesTellTheSame(store: ConformanceStore) async throws {
        try await run(store) { origin, _, _ in
            for object in try await origin.listAll().objects {
                #expect(try await origin.attributes(of: object.key) == object)
            }
        }
    }

    @Test(arguments: ConformanceStore.allCases, [1, 3, 1000])
    func aDelimitedListingRollsUpDirectories(store: ConformanceStore, limit: Int) async throws {
        try await run(store) { origin, fixture, _ in
            let listing = try await origin.listAll(isDelimited: true, limit: limit)
            var files: [ByteString] = []
            var directories: Set<ByteString> = []
            for (key, _) in fixture.keys {
                if let slash = key.bytes.firstIndex(of: UInt8(ascii: "/")) {
                    directories.insert(ByteString(key.bytes[...slash]))
                } else {
                    files.append(key)
                }
            }
            #expect(listing.objects.map(\.key) == files.sorted())
            #expect(listing.prefixes == directories.sorted())
            #expect(listing.pages.allSatisfy { $0.objects.count + $0.prefixes.count <= limit })
        }
    }

    // swift-format-ignore
    static let prefixes: [(prefix: ByteString, keys: [ByteString], prefixes: [ByteString])] = [
        ("dir/",       ["dir/a", "dir/sub0"],  ["dir/sub/"]),
        ("dir/sub",    ["dir/sub0"],           ["dir/sub/"]),
        ("dir",        ["dir.txt", "dir0"],    ["dir/"]),
        ("dir/sub/",   [],                     ["dir/sub/deep/"]),
        ("gr\u{F6}",   [],                     ["gr\u{F6}\u{DF}e/"]),
        ("space ",     ["space name"],         []),
        ("plus+",      ["plus+sign"],          []),
        ("percent%",   ["percent%41%"],        []),
        ("nothing/",   [],                     []),
        ("one/",       [],                     []),
        ("n",          ["n\u{303}"],           []),
    ]

    @Test(arguments: ConformanceStore.allCases)
    func aPrefixNeedNotBeADirectory(store: ConformanceStore) async throws {
        try await run(store) { origin, _, _ in
            for row in Self.prefixes {
                let listing = try await origin.listAll(prefix: row.prefix, isDelimited: true)
                #expect(listing.objects.map(\.key) == row.keys, "\(row.prefix)")
                #expect(listing.prefixes == row.prefixes, "\(row.prefix)")
            }
        }
    }

    @Test func aPrefixThatIsAKeyIsBoth() async throws {
        try await run(.moto) { origin, _, _ in
            let top = try await origin.listAll(prefix: "p", isDelimited: true)
            #expect(
                top.objects.map(\.key) == [
                    "p", "page", "page-minus", "page-plus", "percent%41%", "plus+sign",
                ]
            )
            #expect(top.prefixes == ["p/"])
            let below = try await origin.listAll(prefix: "p/", isDelimited: true)
            #expect(below.objects.map(\.key) == ["p/", "p/q"])
            #expect(below.prefixes == ["p//"])
        }
    }

    /// rclone's server keeps no markers.
    @Test(arguments: [ConformanceStore.moto, .directory], [true, false])
    func anEmptyDirectoryExists(store: ConformanceStore, isDelimited: Bool) async throws {
        try await run(store) { origin, fixture, _ in
            try await fixture.putDirectory("hollow/")
            for (prefix, exists) in [
                ("hollow/", true), ("hollow", false), ("hollo", false), ("one/", false),
                ("nothing/", false),
            ] as [(ByteString, Bool)] {
                let pages = try await origin.listAll(prefix: prefix, isDelimited: isDelimited).pages
                #expect(pages.map(\.directoryExists) == [exists], "\(prefix)")
            }
            try await fixture.delete(["hollow/"])
        }
    }

    // swift-format-ignore
    static let missing: [ByteString] = [
        "nope", "dir", "dir/", "dir/none", "one/x", "", ByteString([0xFF, 0xFE]), ByteString([0x61, 0x00]),
        ByteString([UInt8](repeating: 0x61, count: 5000)),
    ]

    @Test(arguments: ConformanceStore.allCases)
    func whatIsNotThereIsNotFound(store: ConformanceStore) async throws {
        try await run(store) { origin, _, _ in
            for key in Self.missing {
                await #expect(throws: OriginError.notFound, "\(key)") {
                    try await origin.attributes(of: key)
                }
            }
        }
    }

    /// Names that lead elsewhere in a file system, and nowhere in a bucket.
    // swift-format-ignore
    static let crooked: [ByteString] = [
        ".", "..", "../one", "/one", "dir//a", "dir/../one", "dir/./a", "./one", "one/.", "dir/..",
    ]

    @Test(arguments: ConformanceStore.allCases)
    func aCrookedNameNeverReachesAnotherObject(store: ConformanceStore) async throws {
        try await run(store) { origin, _, _ in
            for key in Self.crooked {
                let error = await #expect(throws: OriginError.self, "\(key)") {
                    try await origin.attributes(of: key)
                }
                // rclone refuses such names with 400; HEAD has no body that could say why.
                let refusals: [OriginError] = [.notFound, .unexpectedStatus(400, code: "")]
                #expect(
                    error.map(refusals.contains) == true,
                    "\(key): \(String(describing: error))"
                )
            }
        }
    }

    @Test(arguments: ConformanceStore.allCases)
    func anotherVersionIsNeverMixedIn(store: ConformanceStore) async throws {
        try await run(store) { origin, fixture, _ in
            let sizes: [ByteString: Int] = ["shrinking": 5, "changing": 100, "growing": 200]
            let keys = sizes.keys.sorted()
            var old: [OriginObject] = []
            try await fixture.put(keys.map { ($0, content(of: "old", count: 100)) })
            for key in keys { old.append(try await origin.attributes(of: key)) }
            try await fixture.put(keys.map { ($0, content(of: "new", count: sizes[$0] ?? 0)) })

            for object in old {
                for range in [0..<100, 3..<4, 50..<60] as [Range<UInt64>] {
                    await #expect(throws: OriginError.changed, "\(object.key) \(range)") {
                        try await origin.read(object, range: range)
                    }
                }
                let new = try await origin.attributes(of: object.key)
                #expect(new.version != object.version)
                let bytes = try await origin.read(new, range: 0..<5)
                #expect(Array(bytes.readableBytesView) == content(of: "new", count: 5))
            }
            try await fixture.delete(keys)
            for object in old {
                await #expect(throws: OriginError.notFound) {
                    try await origin.read(object, range: 0..<1)
                }
            }
        }
    }
}
