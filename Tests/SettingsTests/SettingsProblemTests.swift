// SPDX-License-Identifier: Apache-2.0

import Foundation
import Settings
import Testing

/// Goal: every wrong configuration names its place, what was given, what is allowed, and the nearest
/// right name.
@Suite struct SettingsProblemTests {
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
        Row("unknown key",            "regoin: x",                        "w.yaml:1:1: unknown key 'regoin'; did you mean 'region'?"),
        Row("unknown nested key",     "listen: { htp: 127.0.0.1:1 }",     "w.yaml:1:11: unknown key 'listen.htp'; did you mean 'http'?"),
        Row("dotted key",             "listen.http: 127.0.0.1:1",         "w.yaml:1:1: unknown key 'listen.http'; write it as 'listen: { http: … }'"),
        Row("repeated key",           "zone: a\nregion: b\nzone: c",      "w.yaml:1:1: 'zone' is given more than once, first here; give each key once"),
        Row("list for a word",        "zone: [a]",                        "w.yaml:1:7: zone: a list was given, allowed is 1 to 63 letters, digits, '-', '_' and '.', a letter or digit first"),
        Row("number for a name",      "name: 123",                        "w.yaml:1:7: name: a number was given, allowed is 1 to 63 letters, digits, '-', '_' and '.', a letter or digit first; in quotes it is a text"),
        Row("float for a zone",       "zone: 1e5",                        "w.yaml:1:7: zone: a number was given, allowed is 1 to 63 letters, digits, '-', '_' and '.', a letter or digit first; in quotes it is a text"),
        Row("boolean for a name",     "region: true",                     "w.yaml:1:9: region: a boolean was given, allowed is 1 to 63 letters, digits, '-', '_' and '.', a letter or digit first; in quotes it is a text"),
        Row("number for a path",      "data-dir: 5",                      "w.yaml:1:11: data-dir: a number was given, allowed is a path of 1 to 4095 bytes; in quotes it is a text"),
        Row("number for a host",      "advertise: 10.0",                  "w.yaml:1:12: advertise: a number was given, allowed is an address or a DNS name, without a port; in quotes it is a text"),
        Row("number in a list",       "file-origins: [/a, 0x1F]",         "w.yaml:1:20: file-origins: a number was given, allowed is a list of absolute paths; in quotes it is a text"),
        Row("nothing for a word",     "zone:",                            "w.yaml:1:6: zone: nothing was given, allowed is 1 to 63 letters, digits, '-', '_' and '.', a letter or digit first"),
        Row("word for a list",        "join: a:1",                        "w.yaml:1:7: join: a single value was given, allowed is a list of HOST:PORT"),
        Row("word for a group",       "log: info",                        "w.yaml:1:6: log: a single value was given, allowed is a mapping of level, format"),
        Row("port too large",         "join: [a:65536]",                  "w.yaml:1:8: join: 'a:65536' was given, allowed is HOST:PORT or [IPv6]:PORT, port 0 to 65535"),
        Row("quoted boolean",         "insecure: \"true\"",               "w.yaml:1:11: insecure: '\"true\"' was given, allowed is true or false"),
        Row("yes for true",           "insecure: yes",                    "w.yaml:1:11: insecure: 'yes' was given, allowed is true or false"),
        Row("no unit",                "cache: [{ path: /c, capacity: 5 }]", "w.yaml:1:31: cache: '5' was given, allowed is a whole number with a unit of B, KiB, MiB, GiB or TiB, such as 800GiB"),
        Row("wrong unit",             "cache: [{ path: /c, capacity: 5GB }]", "w.yaml:1:31: cache: '5GB' was given, allowed is a whole number with a unit of B, KiB, MiB, GiB or TiB, such as 800GiB"),
        Row("too small",              "cache: [{ path: /c, capacity: 1MiB }]", "w.yaml:1:31: cache: '1MiB' was given, allowed is a capacity of 16MiB to 1024TiB"),
        Row("missing field",          "cache: [{ path: /c }]",            "w.yaml:1:9: cache: 'capacity' is missing, allowed is a list of a path and a capacity of 16MiB to 1024TiB, such as 800GiB"),
        Row("unknown field",          "cache: [{ path: /c, capacity: 1GiB, sise: 3 }]", "w.yaml:1:37: cache: unknown key 'sise', allowed is path and capacity"),
        Row("no such level",          "log: { level: inof }",             "w.yaml:1:15: log.level: 'inof' was given, allowed is trace, debug, info, notice, warning, error, critical; did you mean 'info'?"),
        Row("no such level, no hint", "log: { level: xxxxxxxx }",         "w.yaml:1:15: log.level: 'xxxxxxxx' was given, allowed is trace, debug, info, notice, warning, error, critical"),
        Row("not built yet",          "secret-file: /s",                  "w.yaml:1:14: secret-file: not built yet, and refused so that nobody relies on it; remove it"),
        Row("tls not built yet",      "tls: { ca: x }",                   "w.yaml:1:12: tls.ca: not built yet, and refused so that nobody relies on it; remove it"),
        Row("beyond loopback",        "listen: { http: 10.0.0.1:7400 }",  "w.yaml:1:17: listen.http: '10.0.0.1:7400' was given, allowed without tls and secret-file is loopback only, such as 127.0.0.1:7400; on a network that you trust set 'insecure: true' or --insecure"),
        Row("wildcard, no advertise", "listen: { http: 0.0.0.0:7400 }\ninsecure: true", "advertise: advertise: required, because listen.http is '0.0.0.0:7400'; give the host or DNS name that others reach this worker by"),
        Row("one port twice",         "listen: { s3: 127.0.0.1:7400 }",   "w.yaml:1:15: listen.s3: 127.0.0.1:7400 is taken by listen.http"),
        Row("overlapping disks",      "cache: [{ path: /c, capacity: 1GiB }, { path: /c/d, capacity: 1GiB }]", "w.yaml:1:8: cache: /c/d and /c overlap; each byte would count twice"),
        Row("data-dir as cache",      "cache: [{ path: /d/, capacity: 1GiB }]", "w.yaml:1:8: cache: /d is the data-dir; use one below it"),
        Row("file as data-dir",       "data-dir: /etc/passwd",            "w.yaml:1:11: data-dir: /etc/passwd is not a directory"),
        Row("long socket",            "data-socket: /" + String(repeating: "s", count: 107), "w.yaml:1:14: data-socket: '/" + String(repeating: "s", count: 79) + "…' was given, allowed is a path of 1 to 107 bytes"),
        Row("unknown group",          "socket-group: nobody-has-this",    "w.yaml:1:15: socket-group: 'nobody-has-this' is no group of this machine"),
        Row("missing credential",     "credentials: { k: { file: /nowhere/k } }", "w.yaml:1:14: credentials: the file of 'k' cannot be read"),
        Row("missing key file",       "credential-key-file: /nowhere/k",  "w.yaml:1:22: credential-key-file: the file cannot be read"),
        Row("not YAML",               "zone: [a",                         "w.yaml:2:1: not YAML: did not find expected ',' or ']'"),
        Row("no mapping",             "- a",                              "w.yaml:1:1: a configuration is a mapping of keys to values, such as 'name: w1'"),
        Row("two documents",          "zone: a\n---\nzone: b",            "w.yaml:2:1: not YAML: but found another document"),
        Row("undefined alias",        "zone: *x",                         "w.yaml:1:7: not YAML: found undefined alias"),
        Row("a map as a key",         "? {a: b}\n: c",                    "w.yaml:1:3: a key must be a plain word"),
    ]

    @Test(arguments: rows)
    func isRefused(row: Row) {
        let found = problems(
            row.yaml,
            flags: [("--data-dir", "/d"), ("--cache", "/c=1GiB")].filter { flag in
                !row.yaml.contains(flag.0.dropFirst(2) + ":")
            }
        )
        #expect(found == [row.expected])
    }

    // swift-format-ignore
    static let others: [(flags: [(name: String, text: String)], environment: [String: String], expected: String)] = [
        ([("--zone", "a b")], [:], "--zone: zone: 'a b' was given, allowed is 1 to 63 letters, digits, '-', '_' and '.', a letter or digit first"),
        ([], ["TARN_WORKER_ZONE": ""], "TARN_WORKER_ZONE: zone: '' was given, allowed is 1 to 63 letters, digits, '-', '_' and '.', a letter or digit first"),
        ([], ["TARN_WORKER_REGOIN": "x"], "TARN_WORKER_REGOIN: unknown variable of a worker; did you mean 'TARN_WORKER_REGION'?"),
        ([("--cache", "/c")], [:], "--cache: cache: '/c' was given, allowed is PATH=CAPACITY[,…], such as /nvme0=800GiB"),
        ([("--tls-key", "k")], [:], "--tls-key: tls.key: not built yet, and refused so that nobody relies on it; remove it"),
    ]

    @Test(arguments: others.indices)
    func isRefusedFromFlagsAndVariables(row: Int) {
        let row = Self.others[row]
        #expect(problems(minimum, flags: row.flags, environment: row.environment) == [row.expected])
    }

    /// A repeated key hides nothing: neither its own values nor what else is wrong.
    @Test func aRepeatedKeyHidesNoOtherProblem() {
        let found = problems(
            """
            zon: a
            region: [b]
            "log": { level: loud, level: info }
            data-dir: /d
            region: c d
            cache: [{ path: 5, path: /c, capacity: 1GiB }]

            """
        )
        #expect(
            found == [
                "w.yaml:2:1: 'region' is given more than once, first here; give each key once",
                "w.yaml:3:10: 'level' is given more than once, first here; give each key once",
                "w.yaml:6:11: 'path' is given more than once, first here; give each key once",
                "w.yaml:1:1: unknown key 'zon'; did you mean 'zone' or 'join'?",
                "w.yaml:2:9: region: a list was given, allowed is \(SettingKind.identifier.allowed)",
                "w.yaml:3:17: log.level: 'loud' was given, allowed is trace, debug, info, notice, "
                    + "warning, error, critical",
                "w.yaml:5:9: region: 'c d' was given, allowed is \(SettingKind.identifier.allowed)",
            ]
        )
    }

    @Test func manyRepeatedKeysEndTheReading() {
        let found = problems((0..<100).map { "k\($0): 1\nk\($0): 2\n" }.joined())
        #expect(found.count == 1 && found[0].contains("is given more than once"))
    }

    @Test func aRepeatedKeyThatCannotBeFoundIsStillReported() {
        let found = problems("\"z\\u006fne\": a\nzone: b\nregion: [c]\n")
        let says = "w.yaml:1:1: 'zone' is given more than once, first here; give each key once"
        #expect(found == [says])
    }

    @Test func everythingWrongIsReportedAtOnce() {
        let found = problems(
            "zon: a\nregion: [b]\nlog: { level: loud }\ncache: [{ path: /c }]\n",
            environment: ["TARN_WORKER_NAME": "-"]
        )
        #expect(found.count == 6)  // name, zon, region, level, capacity, and data-dir is missing
        #expect(found.last?.hasPrefix("data-dir: required") == true)
    }

    @Test func aHiddenMistakeStillCounts() {
        let found = problems(minimum + "zone: [a]\n", flags: [("--zone", "b")])
        #expect(found.count == 1)
    }

    /// Whoever pastes a secret where a file name belongs does not find it in the log.
    @Test func secretsAreNeverRepeated() {
        let secret = "AKIA-hunter2/x=="
        let rows = [
            "credential-key-file: [\(secret)]", "credential-key-file: \(secret)",
            "secret-file: [\(secret)]", "credentials: \(secret)", "credentials: [\(secret)]",
            "credentials: { k: \(secret) }", "credentials: { k: { file: \"\(secret)\\n\" } }",
            "credentials: { k: { file: [\(secret)] } }", "zone: \"\(secret)\n  bad: [",
        ]
        for row in rows {
            let found = problems(row)
            #expect(!found.isEmpty, "\(row)")
            #expect(!found.contains { $0.contains("hunter2") }, "\(found)")
        }
    }

    @Test func garbageIsAnErrorAndNeverATrap() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("{}[]:,&*!|>'\"#%@`-? \n\tzone~0é\u{0}".unicodeScalars)
        for _ in 0..<2000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...40, using: &generator) {
                text.append(alphabet.randomElement(using: &generator) ?? "z")
            }
            // Nothing but the two required keys could ever make it valid.
            #expect(!problems(String(text)).isEmpty, "\(String(text).debugDescription)")
        }
    }

    @Test func nestingAndAliasesStayCheap() {
        let deep = String(repeating: "[", count: 5000)
        #expect(!problems("zone: \(deep)").isEmpty)
        let bomb = """
            a: &a [x,x,x,x,x,x,x,x,x]
            b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]
            c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]
            d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]
            e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]
            f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]
            g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]
            h: &h [*g,*g,*g,*g,*g,*g,*g,*g,*g]
            zone: *h
            """
        #expect(problems(bomb).count == 11)
    }

    @Test func unreadableFilesAreNamed() throws {
        let directory = try scratchDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let missing = directory.appending(path: "none.yaml").path
        #expect(
            throws: SettingsError.unreadable(
                path: missing,
                reason: "cannot be read: No such file or directory"
            )
        ) {
            try ConfigurationFile(reading: missing)
        }
        let binary = directory.appending(path: "binary.yaml")
        try Data([0xFF, 0xFE]).write(to: binary)
        #expect(throws: SettingsError.unreadable(path: binary.path, reason: "not UTF-8")) {
            try ConfigurationFile(reading: binary.path)
        }
        let large = directory.appending(path: "large.yaml")
        try Data(repeating: 0x23, count: ConfigurationFile.byteLimit + 1).write(to: large)
        #expect(throws: SettingsError.self) { try ConfigurationFile(reading: large.path) }
        #expect(throws: SettingsError.self) { try ConfigurationFile(reading: directory.path) }
    }
}
