// SPDX-License-Identifier: Apache-2.0

import Foundation
import Settings
import Testing

@Suite struct SettingKeyTests {
    @Test func namesFlagsAndVariablesAreUnique() {
        #expect(Set(SettingKey.all.map(\.name)).count == SettingKey.all.count)
        #expect(Set(SettingKey.all.map(\.flag)).count == SettingKey.all.count)
        #expect(Set(SettingKey.all.map(\.variable)).count == SettingKey.all.count)
    }

    @Test func theThreeNamesOfAKey() throws {
        let key = try #require(SettingKey.named("listen.http"))
        #expect(key.flag == "--listen-http")
        #expect(key.variable == "TARN_WORKER_LISTEN_HTTP")
    }

    // swift-format-ignore
    static let hosts: [(text: String, host: String?, port: UInt16)] = [
        ("127.0.0.1:7400", "127.0.0.1", 7400),
        ("a-b.c:0",        "a-b.c",     0),
        ("[::1]:65535",    "::1",       65535),
        ("::1:80",         nil,         0),
        ("[x]:80",         nil,         0),
        ("a",              nil,         0),
        (":80",            nil,         0),
        ("a:",             nil,         0),
        ("a:+1",           nil,         0),
        ("a:65536",        nil,         0),
        ("a b:1",          nil,         0),
        ("-a:1",           nil,         0),
        ("a..b:1",         nil,         0),
        ("http://a:1",     nil,         0),
    ]

    @Test(arguments: hosts)
    func hostsAndPorts(row: (text: String, host: String?, port: UInt16)) {
        let parsed = HostPort(row.text)
        #expect(parsed?.host == row.host)
        if let parsed {
            #expect(parsed.port == row.port)
            #expect(parsed.description == row.text)
        }
    }

    // swift-format-ignore
    static let loopback: [(host: String, isLoopback: Bool)] = [
        ("127.0.0.1", true), ("127.9.9.9", true), ("::1", true), ("localhost", true),
        ("127.0.0.1.evil.example", false), ("128.0.0.1", false), ("0.0.0.0", false), ("::", false),
    ]

    @Test(arguments: loopback)
    func onlyLoopbackIsLoopback(row: (host: String, isLoopback: Bool)) {
        #expect(HostPort(host: row.host, port: 1).isLoopback == row.isLoopback)
    }

    /// `Docs/configuration.md` cannot differ from the table; `TARN_UPDATE_DOCS=1` writes it anew.
    @Test func theDocumentIsTheTable() throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Docs/configuration.md")
        let text = try String(contentsOf: url, encoding: .utf8)
        let start = try #require(text.range(of: ConfigurationDocument.start + "\n\n"))
        let end = try #require(text.range(of: "\n" + ConfigurationDocument.end))
        let wanted =
            text[..<start.upperBound] + ConfigurationDocument.keys() + text[end.lowerBound...]
        if ProcessInfo.processInfo.environment["TARN_UPDATE_DOCS"] != nil {
            try Data(wanted.utf8).write(to: url)
        } else {
            #expect(text == String(wanted), "run this test with TARN_UPDATE_DOCS=1")
        }
    }
}
