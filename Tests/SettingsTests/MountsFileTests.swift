// SPDX-License-Identifier: Apache-2.0

import Settings
import Testing

/// Goal: a file of mounts means what it says, and whatever is wrong in it names its place.
@Suite struct MountsFileTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let what: String
        let yaml: String
        let expected: String

        init(_ what: String, _ yaml: String, _ expected: String) {
            (self.what, self.yaml, self.expected) = (what, yaml, expected)
        }

        var testDescription: String { what }
    }

    // swift-format-ignore
    static let rows: [Row] = [
        Row("empty file",        "",                                "m.yaml:1:1: the file: nothing was given, allowed is a mapping with the key 'mounts'"),
        Row("a list",            "- a",                             "m.yaml:1:1: the file: a list was given, allowed is a mapping with the key 'mounts'"),
        Row("another key",       "mount: {}",                       "m.yaml:1:1: the file: unknown key 'mount'; did you mean 'mounts'?"),
        Row("no mounts",         "mounts:",                         "m.yaml:1:8: mounts: nothing was given, allowed is a mapping of paths to mounts; {} for none"),
        Row("a list of mounts",  "mounts: [/a]",                    "m.yaml:1:9: mounts: a list was given, allowed is a mapping of paths to mounts; {} for none"),
        Row("unknown key",       "mounts:\n  /a:\n    orign: s3://b\n    origin: s3://b", "m.yaml:3:5: '/a': unknown key 'orign'; did you mean 'origin'?"),
        Row("unknown far key",   "mounts:\n  /a: { origin: s3://b, x: 1 }", "m.yaml:2:25: '/a': unknown key 'x', allowed: origin, options, credential, regions, write, replicas, metadata-ttl, on-stale"),
        Row("camel case",        "mounts: { /a: { origin: s3://b, metadataTtl: 1s } }", "m.yaml:1:33: '/a': unknown key 'metadataTtl'; did you mean 'metadata-ttl'?"),
        Row("no origin",         "mounts:\n  /a: { replicas: 2 }",  "m.yaml:2:7: '/a': 'origin' is missing"),
        Row("path twice",        "mounts:\n  /a: s3://b\n  /c: s3://b\n  /a: s3://d", "m.yaml:2:3: '/a' is given more than once, first here; give each key once"),
        Row("nothing",           "mounts:\n  /a:",                  "m.yaml:2:6: '/a': origin: nothing was given, allowed is a text"),
        Row("replicas word",     "mounts: { /a: { origin: s3://b, replicas: two } }", "m.yaml:1:43: '/a': replicas: a single value was given, allowed is a whole number"),
        Row("quoted number",     "mounts: { /a: { origin: s3://b, replicas: '2' } }", "m.yaml:1:43: '/a': replicas: a single value was given, allowed is a whole number"),
        Row("options as text",   "mounts: { /a: { origin: s3://b, options: a=b } }", "m.yaml:1:42: '/a': options: a single value was given, allowed is a mapping"),
        Row("region's key",      "mounts: { /a: { origin: s3://b, regions: { us: { orgin: s3://c } } } }", "m.yaml:1:50: '/a': regions: us: unknown key 'orgin'; did you mean 'origin'?"),
        Row("merge key",         "mounts:\n  /a: &a { origin: s3://b }\n  /b: { <<: *a }", "m.yaml:3:9: '/b': unknown key '<<', allowed: origin, options, credential, regions, write, replicas, metadata-ttl, on-stale"),
        Row("not YAML",          "mounts: { /a: [",                 "m.yaml:2:1: not YAML: did not find expected node content"),
    ]

    @Test(arguments: rows)
    func whatIsWrongNamesItsPlace(_ row: Row) {
        let error = #expect(throws: SettingsError.self) {
            try MountsFile(path: "m.yaml", text: row.yaml).read()
        }
        #expect(error?.problems.first?.description == row.expected)
    }

    @Test func everythingWrongIsSaidAtOnce() {
        let text = "mounts:\n  /a: { x: 1 }\n  /b: { origin: [] }\n  /c: {}\nmore: 1"
        let error = #expect(throws: SettingsError.self) {
            try MountsFile(path: "m.yaml", text: text).read()
        }
        #expect(
            error?.problems.map { String($0.place.dropFirst("m.yaml:".count)) }
                == ["5:1", "2:9", "2:7", "3:17", "4:7"]
        )
    }

    @Test func everyKeyIsRead() throws {
        let text = """
            mounts:
              /data/short: s3://b
              "/data/full":
                origin: s3://lake/train
                options: { region: us-west-2, path-style: true }
                credential: lake-key
                regions:
                  eu: s3://lake-eu
                  us: { origin: s3://lake-us, options: { region: us-1 }, credential: us-key }
                  ap: { credential: ap-key }
                write: none
                replicas: 2
                metadata-ttl: 5m
                on-stale: fail:30s
            """
        let mounts = try MountsFile(path: "m.yaml", text: text).read()
        try #require(mounts.count == 2)
        #expect(mounts[0].path == "/data/short" && mounts[0].origin == "s3://b")
        #expect(mounts[0].place == "m.yaml:2:3")
        #expect(mounts[0].replicas == nil && mounts[0].options.isEmpty)
        let full = mounts[1]
        #expect(full.options == ["region": "us-west-2", "path-style": "true"])
        #expect(full.credential == "lake-key" && full.replicas == 2 && full.write == "none")
        #expect(full.metadataTTL == "5m" && full.onStale == "fail:30s")
        #expect(full.regions["eu"]?.origin == "s3://lake-eu")
        #expect(full.regions["eu"]?.options == nil)
        #expect(full.regions["us"]?.options == ["region": "us-1"])
        #expect(full.regions["ap"]?.origin == nil && full.regions["ap"]?.credential == "ap-key")
        #expect(try MountsFile(path: "m.yaml", text: "mounts: {}").read().isEmpty)
    }
}
