// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import Testing

struct ResolveTests {
    static let catalog: Catalog = {
        var catalog = formedCatalog()
        catalog.put("/data/a", Mount(origin: "s3://bucket-a/prefix"))
        catalog.put("/data/a/nested", Mount(origin: "file:///srv/nested/"))
        catalog.put("/data/ab", Mount(origin: "s3://bucket-ab"))
        return catalog
    }()

    // swift-format-ignore
    static let paths: [(path: ByteString, mount: ByteString?, name: ByteString, uri: String)] = [
        ("/data/a",            "/data/a",        "",        "s3://bucket-a/prefix/"),
        ("/data/a/",           "/data/a",        "",        "s3://bucket-a/prefix/"),
        ("/data/a/x",          "/data/a",        "x",       "s3://bucket-a/prefix/x"),
        ("/data/a/x/y/",       "/data/a",        "x/y/",    "s3://bucket-a/prefix/x/y/"),
        ("/data/a//x",         "/data/a",        "/x",      "s3://bucket-a/prefix//x"),
        ("/data/a/nested",     "/data/a/nested", "",        "file:///srv/nested"),
        ("/data/a/nested/k",   "/data/a/nested", "k",       "file:///srv/nested/k"),
        ("/data/a/nestedx",    "/data/a",        "nestedx", "s3://bucket-a/prefix/nestedx"),
        ("/data/ab",           "/data/ab",       "",        "s3://bucket-ab"),
        ("/data/ab/c",         "/data/ab",       "c",       "s3://bucket-ab/c"),
        ("/data/abc",          nil,              "",        ""),
        ("/data",              nil,              "",        ""),
        ("/",                  nil,              "",        ""),
        ("",                   nil,              "",        ""),
        ("data/a",             nil,              "",        ""),
        ("/data//a",           nil,              "",        ""),
        ("/data/./a",          nil,              "",        ""),
    ]

    @Test(arguments: paths)
    func theLongestPrefixInWholeComponentsWins(
        _ row: (path: ByteString, mount: ByteString?, name: ByteString, uri: String)
    ) {
        let found = Self.catalog.resolve(row.path, region: "ap")
        #expect(found?.mount.path == row.mount)
        guard let found else { return }
        #expect(found.name == row.name)
        #expect(found.uri == row.uri)
    }

    @Test func aKeyOfManyBytesFindsItsMount() {
        let name = ByteString(Array(repeating: UInt8(ascii: "/"), count: 5000))
        #expect(Self.catalog.resolve("/data/a/" + name, region: "ap")?.name == name)
    }

    @Test func regionsOverrideMemberByMember() throws {
        var catalog = formedCatalog()
        let mount = Mount(
            origin: "s3://a",
            options: [option("endpoint", "http://here"), option("region", "ap-1")],
            credential: "lake",
            regions: [
                region("other-bucket", origin: "s3://a-us"),
                region("other-options", options: [option("endpoint", "http://there")]),
                region("no-options", options: []),
                region("other-key", credential: "us-lake"),
                region("on-disk", origin: "file:///mnt/a"),
            ]
        )
        catalog.put("/m", mount)
        func resolve(_ region: String) throws -> Resolution {
            try #require(catalog.resolve("/m/x", region: region))
        }

        let standard = try resolve("elsewhere")
        #expect((standard.uri, standard.credential) == ("s3://a/x", "lake"))
        #expect(standard.options == mount.options)
        let bucket = try resolve("other-bucket")
        #expect((bucket.uri, bucket.credential) == ("s3://a-us/x", "lake"))
        #expect(bucket.options == mount.options && bucket.originID != standard.originID)
        let options = try resolve("other-options")
        #expect(options.options == [option("endpoint", "http://there")])
        #expect(options.originID != standard.originID)
        #expect(try resolve("no-options").options.isEmpty)
        let key = try resolve("other-key")
        #expect((key.credential, key.originID) == ("us-lake", standard.originID))
        let disk = try resolve("on-disk")
        #expect(disk.options.isEmpty, "an endpoint means nothing to a directory")
        #expect(disk.uri == "file:///mnt/a/x")
    }

    // swift-format-ignore
    static let identities: [(what: String, lhs: Mount, rhs: Mount, isSame: Bool)] = [
        ("two prefixes",      Mount(origin: "s3://b/x"),    Mount(origin: "s3://b/y/"),    true),
        ("two buckets",       Mount(origin: "s3://b"),      Mount(origin: "s3://c"),       false),
        ("bucket, directory", Mount(origin: "s3://b"),      Mount(origin: "file:///b"),    false),
        ("spellings",         Mount(origin: "file:///d/"),  Mount(origin: "file:////d"),   true),
        ("nested directory",  Mount(origin: "file:///d"),   Mount(origin: "file:///d/e"),  false),
        ("an endpoint",       Mount(origin: "s3://b"),      Mount(origin: "s3://b", options: [option("endpoint", "http://h")]), false),
        ("endpoint spellings", Mount(origin: "s3://b", options: [option("endpoint", "http://h:80/")]), Mount(origin: "s3://b", options: [option("endpoint", "HTTP://H")]), true),
        ("https, http",       Mount(origin: "s3://b", options: [option("endpoint", "https://h")]), Mount(origin: "s3://b", options: [option("endpoint", "http://h")]), false),
        ("other ports",       Mount(origin: "s3://b", options: [option("endpoint", "http://h:81")]), Mount(origin: "s3://b", options: [option("endpoint", "http://h")]), false),
        ("one content-id",    Mount(origin: "s3://b", options: [option("endpoint", "http://h"), option("content-id", "c")]), Mount(origin: "s3://b", options: [option("endpoint", "http://i"), option("content-id", "c")]), true),
        ("content-id alone",  Mount(origin: "s3://b", options: [option("content-id", "http://h")]), Mount(origin: "s3://b", options: [option("endpoint", "http://h")]), false),
        ("signing region",    Mount(origin: "s3://b", options: [option("region", "x")]), Mount(origin: "s3://b"), true),
        ("credential",        Mount(origin: "s3://b", credential: "k"), Mount(origin: "s3://b"), true),
    ]

    @Test(arguments: identities)
    func originsHaveOneIdEach(_ row: (what: String, lhs: Mount, rhs: Mount, isSame: Bool)) throws {
        var catalog = formedCatalog()
        catalog.put("/l", row.lhs)
        catalog.put("/r", row.rhs)
        let left = try #require(catalog.resolve("/l", region: "ap"))
        let right = try #require(catalog.resolve("/r", region: "ap"))
        #expect((left.originID == right.originID) == row.isSame, "\(row.what)")
    }

    @Test func originIdsAreNeverReused() {
        var catalog = formedCatalog()
        func id(_ uri: String) -> UInt64? {
            catalog.put("/m", Mount(origin: uri), if: .any).mount?.origins.first?.origin.rawValue
        }
        #expect([id("s3://a"), id("s3://b"), id("s3://a")] == [1, 2, 1])
        catalog.perform(.removeMount(path: "/m", .any))
        #expect([id("s3://c"), id("s3://b"), id("s3://a")] == [3, 2, 1])
        #expect(catalog.put("/x", Mount(origin: "gs://no")).refusal != nil)
        #expect(id("s3://d") == 4, "a refusal uses no id up")
    }

    // swift-format-ignore
    static let directories: [(path: ByteString, children: [ByteString])] = [
        ("/",             ["data", "other"]),
        ("/data",         ["a", "a-b", "ab", "c"]),
        ("/data/a",       ["deep", "nested"]),
        ("/data/a/deep",  ["er"]),
        ("/data/c",       ["d"]),
        ("/data/ab",      []),
        ("/other",        []),
        ("/none",         []),
        ("/dat",          []),
    ]

    @Test(arguments: directories)
    func directoriesAboveMountsExist(_ row: (path: ByteString, children: [ByteString])) {
        var catalog = formedCatalog()
        let paths: [ByteString] = [
            "/data/a", "/data/a-b", "/data/a/nested", "/data/a/deep/er", "/data/ab", "/data/c/d",
            "/data/c/d/e", "/other",
        ]
        for path in paths { catalog.put(path) }
        #expect(catalog.childrenOfVirtualDirectory(row.path) == row.children)
    }
}
