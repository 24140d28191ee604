// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import Testing

struct MountRulesTests {
    // swift-format-ignore
    static let paths: [(path: ByteString, kind: String?)] = [
        ("/data",                                    nil),
        ("/data/bucket_a",                           nil),
        ("/data/ü/日本",                              nil),
        ("/data/with space",                         nil),
        ("/data/...",                                nil),
        ("/data/.hidden",                            nil),
        ("/" + ByteString(Array(repeating: 97, count: 255)), nil),
        ("",                                         "bad-path"),
        ("/",                                        "bad-path"),
        ("data",                                     "bad-path"),
        ("/data/",                                   "bad-path"),
        ("//data",                                   "bad-path"),
        ("/data//a",                                 "bad-path"),
        ("/data/.",                                  "bad-path"),
        ("/./data",                                  "bad-path"),
        ("/data/../x",                               "bad-path"),
        ("/a\0b",                                    "bad-path"),
        (ByteString([47, 0xFF]),                     "bad-path"),
        (ByteString([47, 0xC3]),                     "bad-path"),
        ("/" + ByteString(Array(repeating: 97, count: 256)), "bad-path"),
        (ByteString(Array(repeating: [47, 97], count: 513).joined()), "bad-path"),
    ]

    @Test(arguments: paths)
    func mountPaths(_ row: (path: ByteString, kind: String?)) {
        var catalog = formedCatalog()
        #expect(catalog.put(row.path).refusal?.kind == row.kind)
        #expect(catalog.perform(.removeMount(path: row.path, .any)).refusal?.kind == row.kind)
    }

    // swift-format-ignore
    static let origins: [(uri: String, kind: String?)] = [
        ("s3://b",                      nil),
        ("s3://bucket-a/prefix/deep",   nil),
        ("s3://bucket//odd",            nil),
        ("file:///srv/data",            nil),
        ("file:///",                    nil),
        ("s3://",                       "bad-value"),
        ("s3:///key",                   "bad-value"),
        ("s3://bück",                   "bad-value"),
        ("s3://u:p@b",                  "bad-value"),
        ("s3://b\0/x",                  "bad-value"),
        ("file://srv",                  "bad-value"),
        ("file://",                     "bad-value"),
        ("file:///a/../b",              "bad-value"),
        ("file:///a/../\u{301}b",       "bad-value"),
        ("file:///./b",                 "bad-value"),
        ("gs://b",                      "unknown-scheme"),
        ("S3://b",                      "unknown-scheme"),
        ("/srv/data",                   "unknown-scheme"),
        ("",                            "unknown-scheme"),
    ]

    @Test(arguments: origins)
    func originURIs(_ row: (uri: String, kind: String?)) {
        var catalog = formedCatalog()
        #expect(catalog.put("/data/a", Mount(origin: row.uri)).refusal?.kind == row.kind)
        let regional = Mount(origin: "s3://b", regions: [region("us", origin: row.uri)])
        #expect(catalog.put("/data/b", regional).refusal?.kind == row.kind)
    }

    // swift-format-ignore
    static let options: [(origin: String, key: String, value: String, kind: String?)] = [
        ("s3://b", "endpoint",    "http://127.0.0.1:9000",      nil),
        ("s3://b", "endpoint",    "https://S3.Example.com/",    nil),
        ("s3://b", "endpoint",    "http://[::1]:9000",          nil),
        ("s3://b", "endpoint",    "127.0.0.1:9000",             "bad-value"),
        ("s3://b", "endpoint",    "ftp://host",                 "bad-value"),
        ("s3://b", "endpoint",    "http://",                    "bad-value"),
        ("s3://b", "endpoint",    "http://host:0",              "bad-value"),
        ("s3://b", "endpoint",    "http://host:65536",          "bad-value"),
        ("s3://b", "endpoint",    "http://host:",               "bad-value"),
        ("s3://b", "endpoint",    "http://host/path",           "bad-value"),
        ("s3://b", "endpoint",    "http://user@host",           "bad-value"),
        ("s3://b", "endpoint",    "http://[::1",                "bad-value"),
        ("s3://b", "region",      "ap-northeast-1",             nil),
        ("s3://b", "region",      "a b",                        "bad-value"),
        ("s3://b", "path-style",  "true",                       nil),
        ("s3://b", "path-style",  "yes",                        "bad-value"),
        ("s3://b", "anonymous",   "false",                      nil),
        ("s3://b", "anonymous",   "",                           "bad-value"),
        ("s3://b", "ca-file",     "/etc/ca.pem",                nil),
        ("s3://b", "ca-file",     "ca.pem",                     "bad-value"),
        ("s3://b", "bucket-name", "train",                      nil),
        ("s3://b", "bucket-name", "Train",                      "bad-value"),
        ("s3://b", "bucket-name", "ab",                         "bad-value"),
        ("s3://b", "bucket-name", "-abc",                       "bad-value"),
        ("s3://b", "content-id",  "imagenet",                   nil),
        ("s3://b", "content-id",  "two words",                  "bad-value"),
        ("s3://b", "endpoit",     "http://h",                   "unknown-option"),
        ("s3://b", "Endpoint",    "http://h",                   "unknown-option"),
        ("file:///d", "content-id",  "x",                       nil),
        ("file:///d", "bucket-name", "abc",                     nil),
        ("file:///d", "endpoint",    "http://h",                "unknown-option"),
    ]

    @Test(arguments: options)
    func optionTable(_ row: (origin: String, key: String, value: String, kind: String?)) {
        var catalog = formedCatalog()
        let mount = Mount(origin: row.origin, options: [option(row.key, row.value)])
        #expect(catalog.put("/data/a", mount).refusal?.kind == row.kind)
    }

    @Test func anUnknownOptionNamesTheNearest() {
        var catalog = formedCatalog()
        let mount = Mount(origin: "s3://b", options: [option("path_style", "true")])
        guard case .unknownOption(let text) = catalog.put("/a", mount).refusal else {
            Issue.record("accepted")
            return
        }
        #expect(text.contains("'path_style'") && text.contains("'path-style'"))
    }

    // swift-format-ignore
    static let mounts: [(what: String, mount: Mount, kind: String?)] = [
        ("option twice",            Mount(origin: "s3://b", options: [option("region", "a"), option("region", "b")]), "bad-value"),
        ("no replicas",             Mount(origin: "s3://b", replicas: 0),                            "bad-value"),
        ("eight replicas",          Mount(origin: "s3://b", replicas: 8),                            nil),
        ("nine replicas",           Mount(origin: "s3://b", replicas: 9),                            "bad-value"),
        ("write through",           Mount(origin: "s3://b", write: .through),                        "bad-value"),
        ("write back",              Mount(origin: "s3://b", write: .back),                           "bad-value"),
        ("fail when stale",         Mount(origin: "s3://b", onStale: .fail(after: .seconds(30))),    nil),
        ("immutable",               Mount(origin: "s3://b", metadataTTL: .immutable),                nil),
        ("credential",              Mount(origin: "s3://b", credential: "lake-key"),                 nil),
        ("credential with slash",   Mount(origin: "s3://b", credential: "a/b"),                      "bad-value"),
        ("empty credential",        Mount(origin: "s3://b", credential: ""),                         "bad-value"),
        ("region twice",            Mount(origin: "s3://b", regions: [region("us"), region("us")]),  "bad-value"),
        ("bad region name",         Mount(origin: "s3://b", regions: [region("u s")]),               "bad-value"),
        ("region credential",       Mount(origin: "s3://b", regions: [region("us", credential: "/")]), "bad-value"),
        ("region option",           Mount(origin: "s3://b", regions: [region("us", options: [option("endpoint", "x")])]), "bad-value"),
        ("bucket name in a region", Mount(origin: "s3://b", regions: [region("us", options: [option("bucket-name", "abc")])]), "unknown-option"),
        ("file in one region",      Mount(origin: "s3://b", options: [option("endpoint", "http://h")], regions: [region("us", origin: "file:///d")]), nil),
        ("option of other scheme",  Mount(origin: "s3://b", regions: [region("us", origin: "file:///d", options: [option("region", "x")])]), "unknown-option"),
        ("64 regions",              Mount(origin: "s3://b", regions: (0..<64).map { region("r\($0)") }), nil),
        ("65 regions",              Mount(origin: "s3://b", regions: (0..<65).map { region("r\($0)") }), "bad-value"),
        ("over 64 KiB",             Mount(origin: "s3://b/" + String(repeating: "p", count: 65_536)), "bad-value"),
    ]

    @Test(arguments: mounts)
    func mountTable(_ row: (what: String, mount: Mount, kind: String?)) {
        var catalog = formedCatalog()
        let before = (catalog.revision, catalog.stateDigest)
        let application = catalog.put("/data/a", row.mount)

        #expect(application.refusal?.kind == row.kind, "\(row.what)")
        #expect(application.changes.isEmpty == (row.kind != nil))
        if row.kind != nil { #expect((catalog.revision, catalog.stateDigest) == before) }
    }

    // swift-format-ignore
    static let bucketNames: [(what: String, first: ByteString, firstName: String?, second: ByteString, secondName: String?, isTaken: Bool)] = [
        ("two options",             "/a",     "train", "/b",     "train", true),
        ("option, then component",  "/a",     "train", "/train", nil,     true),
        ("component, then option",  "/train", nil,     "/b",     "train", true),
        ("two components",          "/a/x1",  nil,     "/b/x1",  nil,     false),
        ("itself again",            "/a",     "train", "/a",     "train", false),
        ("other names",             "/a",     "train", "/b",     "test",  false),
        ("longer name",             "/a",     "train", "/b",     "train2", false),
    ]

    @Test(arguments: bucketNames)
    func bucketNamesAreUnique(
        _ row: (
            what: String, first: ByteString, firstName: String?, second: ByteString,
            secondName: String?, isTaken: Bool
        )
    ) {
        func mount(_ name: String?) -> Mount {
            Mount(origin: "s3://b", options: name.map { [option("bucket-name", $0)] } ?? [])
        }
        var catalog = formedCatalog()
        catalog.put(row.first, mount(row.firstName))
        let refusal = catalog.put(row.second, mount(row.secondName), if: .any).refusal
        #expect(refusal == (row.isTaken ? .bucketNameTaken(by: row.first) : nil), "\(row.what)")

        catalog.perform(.removeMount(path: row.first, .any))
        #expect(catalog.put(row.second, mount(row.secondName), if: .any).refusal == nil)
    }
}
