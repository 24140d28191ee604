// SPDX-License-Identifier: Apache-2.0

import APIModel
import Foundation
import Logging
import Primitives
import Testing

import tarn

@Suite struct TextTests {
    // swift-format-ignore
    static let encoded: [(path: String, target: String)] = [
        ("/data/a",        "/data/a"),
        ("/data//a/",      "/data//a/"),
        ("/a b/c+d",       "/a%20b/c%2Bd"),
        ("/é/%20",         "/%C3%A9/%2520"),
        ("/a/../b/./c",    "/a/%2E%2E/b/%2E/c"),
        ("/a?b#c",         "/a%3Fb%23c"),
        ("/...",           "/..."),
    ]

    @Test(arguments: encoded)
    func pathsAreEncodedOnce(row: (path: String, target: String)) {
        #expect(PercentEncoding.path(row.path) == row.target)
        #expect(row.target.removingPercentEncoding == row.path)
    }

    @Test func queriesLeaveOutWhatIsAbsent() {
        let query = PercentEncoding.query([("path", "/a b&c"), ("region", nil), ("x", "1=2")])
        #expect(query == "?path=/a%20b%26c&x=1%3D2")
        #expect(PercentEncoding.query([("region", nil)]).isEmpty)
    }

    // swift-format-ignore
    static let offsets: [(text: String, path: String, offset: UInt64)] = [
        ("/a",          "/a",     0),
        ("/a:5",        "/a",     5),
        ("/a:64MiB",    "/a",     64 << 20),
        ("/a:b",        "/a:b",   0),
        ("/a:b:7",      "/a:b",   7),
        ("/a:",         "/a:",    0),
        ("/a:99999999999999999999", "/a:99999999999999999999", 0),
    ]

    @Test(arguments: offsets)
    func offsetsStandBehindTheLastColon(row: (text: String, path: String, offset: UInt64)) {
        #expect(PathOffset(row.text).path == row.path)
        #expect(PathOffset(row.text).offset == row.offset)
    }

    // swift-format-ignore
    static let progress: [(done: UInt64, total: UInt64, milliseconds: UInt64, text: String)] = [
        (50 << 20,  200 << 20, 1_000,   "25%  50MiB of 200MiB  50MiB/s  ETA 3s"),
        (200 << 20, 200 << 20, 4_000,   "100%  200MiB of 200MiB  50MiB/s  ETA 0s"),
        (1 << 20,   1 << 40,   100_000, "0%  1MiB of 1TiB  10.2KiB/s  ETA over 100h"),
        (1 << 20,   200 << 20, 1_000,   "0%  1MiB of 200MiB  1MiB/s  ETA 3m19s"),
        (1 << 20,   9 << 30,   1_000,   "0%  1MiB of 9GiB  1MiB/s  ETA 2h33m"),
        (5 << 20,   0,         1_000,   "100%  5MiB of 5MiB  5MiB/s  ETA 0s"),
        (0,         1 << 20,   1_000,   "0%  0B of 1MiB  0B/s  ETA unknown"),
    ]

    @Test(arguments: progress)
    func progressIsOneLine(
        row: (done: UInt64, total: UInt64, milliseconds: UInt64, text: String)
    ) {
        let state = ProgressState(
            done: row.done,
            total: row.total,
            elapsed: Timespan(milliseconds: row.milliseconds)
        )
        #expect(state.text == row.text)
    }

    // swift-format-ignore
    static let ranges: [(text: String, first: UInt64?)] = [
        ("bytes 0-0/1", 0), ("bytes 5-9/10", 5), ("bytes 5-10/10", nil), ("bytes 9-5/10", nil),
        ("bytes */10", nil), ("bytes 0-0/*", nil), ("items 0-0/1", nil), ("", nil), ("bytes -/1", nil),
    ]

    @Test(arguments: ranges)
    func contentRanges(row: (text: String, first: UInt64?)) {
        #expect(ContentRange(row.text)?.first == row.first)
    }

    // swift-format-ignore
    static let names: [(name: String, isUsable: Bool)] = [
        ("a", true), ("..a", true), ("é", true), ("", false), (".", false), ("..", false),
        ("a/b", false), ("a\u{0}b", false), (String(repeating: "x", count: 256), false),
    ]

    @Test(arguments: names)
    func namesFromABucketStayInTheDestination(row: (name: String, isUsable: Bool)) {
        #expect(LocalName.isUsable(row.name) == row.isUsable)
    }

    /// Each wait is at least half of its step; steps double up to 2 s.
    @Test func waitsGrowToABound() {
        var backoff = Backoff()
        var generator = SplitMix64(seed: 1)
        for step in [100, 200, 400, 800, 1600, 2000, 2000, 2000] {
            let wait = backoff.wait(retryAfterSeconds: nil, using: &generator)
            #expect(wait >= .milliseconds(step / 2) && wait <= .milliseconds(step))
        }
        #expect(backoff.wait(retryAfterSeconds: 3, using: &generator) == .seconds(3))
        #expect(backoff.wait(retryAfterSeconds: .max, using: &generator) == .seconds(60))
    }
}

@Suite struct LogFormatTests {
    private static let time = Timestamp(unixMilliseconds: Int64(1_767_323_045_678))
    private static let facts: Logger.Metadata = [
        "raft.term": "4", "peer": "w 2", "forged": "x\n2026 error\u{1B}[31m", "empty": "",
        "count": .stringConvertible(7), "list": ["a", "b=c"], "map": ["k": "\"v\""],
        "sep\u{2028}": "\u{85}",
    ]

    @Test func textIsOneReadableLine() {
        let line = LogFormat.text.line(
            time: Self.time,
            level: .notice,
            message: "became leader",
            facts: Self.facts
        )
        let expected =
            #"2026-01-02T03:04:05.678Z notice   became leader  count=7 empty="" "#
            + #"forged="x\n2026 error\u001b[31m" list="[\"a\",\"b=c\"]" map="{\"k\":\"\\\"v\\\"\"}" "#
            + #"peer="w 2" raft.term=4 "sep\u2028"="\u0085""# + "\n"
        #expect(line == expected)
    }

    @Test func jsonIsOneObjectOnOneLine() throws {
        let line = LogFormat.json.line(
            time: Self.time,
            level: .error,
            message: "a \"quoted\"\nmessage",
            facts: Self.facts
        )
        #expect(line.filter(\.isNewline).count == 1 && line.hasSuffix("}\n"))
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        )
        #expect(object["time"] as? String == "2026-01-02T03:04:05.678Z")
        #expect(object["level"] as? String == "error")
        #expect(object["message"] as? String == "a \"quoted\"\nmessage")
        let facts = try #require(object["facts"] as? [String: Any])
        #expect(facts["forged"] as? String == "x\n2026 error\u{1B}[31m")
        #expect(facts["count"] as? Int == 7)
        #expect(facts["list"] as? [String] == ["a", "b=c"])
    }

    @Test func aMessageCannotForgeALine() {
        let line = LogFormat.text.line(time: Self.time, level: .info, message: "a\nb", facts: [:])
        #expect(line == #"2026-01-02T03:04:05.678Z info     "a\nb""# + "\n")
    }
}
