// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

import tarn

/// Goal: whole files of one version, or an error; whatever the workers do.
@Suite struct FileTests {
    /// No two pages alike, and longer than one piece of an answer.
    private static let bytes: [UInt8] = (0..<300_000).map {
        UInt8(truncatingIfNeeded: $0 &* 31 >> 3)
    }

    /// Not `==` inside `#expect`, which computes the difference of two long arrays for minutes.
    private static func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool { left == right }

    @Test func catGoesOnAtAnotherWorker() async throws {
        let dying = try await FakeWorker { _, number in
            number == 0 ? .file(Self.bytes, version: "v1", breaksAfter: 100_000) : .broken
        }
        let other = try await FakeWorker { _, _ in .file(Self.bytes, version: "v1") }
        let addr = "\(dying.address),\(other.address)"
        let ran = try await tarn(["fs", "cat", "/d/x y", "--addr", addr])
        #expect(ran.status == 0, "\(ran.error)")
        #expect(Self.isSame(ran.output, Self.bytes))
        let resumed = try #require(other.asked.first)
        #expect(resumed.line == "GET /v1/files/d/x%20y")
        #expect(resumed.header("If-Match") == "\"v1\"")
        #expect(resumed.header("Tarn-Client") == "fs")
        let range = try #require(resumed.header("Range"))
        #expect(
            range.hasPrefix("bytes=") && range.hasSuffix("-299999") && range != "bytes=0-299999"
        )
        await dying.stop()
        await other.stop()
    }

    @Test func aVersionThatVanishesIsAnError() async throws {
        let dying = try await FakeWorker { _, number in
            number == 0 ? .file(Self.bytes, version: "v1", breaksAfter: 100_000) : .broken
        }
        let other = try await FakeWorker { _, _ in .problem(412, "revision-mismatch") }
        let addr = "\(dying.address),\(other.address)"
        let ran = try await tarn(["fs", "cat", "/x", "--addr", addr])
        #expect(ran.status == 1 && ran.error.contains("[version-vanished]"))
        #expect(ran.output.count < Self.bytes.count)
        await dying.stop()
        await other.stop()
    }

    /// A worker that ignores If-Match must not be able to mix two versions.
    @Test func anotherVersionIsNeverMixedIn() async throws {
        let dying = try await FakeWorker { _, number in
            number == 0 ? .file(Self.bytes, version: "v1", breaksAfter: 100_000) : .broken
        }
        let other = try await FakeWorker { _, _ in .file(Self.bytes.reversed(), version: "v2") }
        let addr = "\(dying.address),\(other.address)"
        let ran = try await tarn(["fs", "cat", "/x", "--addr", addr])
        #expect(ran.status == 1)
        #expect(Self.isSame(ran.output, Array(Self.bytes.prefix(ran.output.count))))
        await dying.stop()
        await other.stop()
    }

    // swift-format-ignore
    static let parts: [(offset: String, count: String?, expected: Range<Int>)] = [
        ("0",      "1",    0..<1),
        ("1KiB",   "2KiB", 1024..<3072),
        ("299999", nil,    299_999..<300_000),
        ("299000", "9MiB", 299_000..<300_000),
        ("5",      "0",    5..<5),
    ]

    @Test(arguments: parts)
    func partsOfAFile(row: (offset: String, count: String?, expected: Range<Int>)) async throws {
        let worker = try await FakeWorker { _, _ in .file(Self.bytes, version: "v1") }
        let count = row.count.map { ["--count", $0] } ?? []
        let ran = try await tarn(
            ["fs", "cat", "/x", "--offset", row.offset, "--addr", worker.address] + count
        )
        #expect(ran.status == 0, "\(ran.error)")
        #expect(Self.isSame(ran.output, Array(Self.bytes[row.expected])))
        await worker.stop()
    }

    @Test func behindTheEndThereIsNothing() async throws {
        let worker = try await FakeWorker { _, _ in
            .problem(416, "range-not-satisfiable", headers: [("Content-Range", "bytes */10")])
        }
        let ran = try await tarn(["fs", "cat", "/x", "--offset", "10", "--addr", worker.address])
        #expect(ran.status == 0 && ran.output.isEmpty, "\(ran.error)")
        await worker.stop()
    }

    @Test func getWritesTheWholeFileWithItsTime() async throws {
        let directory = try scratchDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let worker = try await FakeWorker { _, _ in .file(Self.bytes, version: "v1") }
        let ran = try await tarn(["fs", "get", "/d/x", "--addr", worker.address], in: directory)
        #expect(ran.status == 0, "\(ran.error)")
        let url = directory.appending(path: "x")
        #expect(Self.isSame(Array(try Data(contentsOf: url)), Self.bytes))
        let time = try url.resourceValues(forKeys: [.contentModificationDateKey])
        #expect(time.contentModificationDate == Date(timeIntervalSince1970: 784_111_777))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["x"])
        await worker.stop()
    }

    @Test func aFailedGetLeavesNothing() async throws {
        let directory = try scratchDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let worker = try await FakeWorker { _, number in
            number == 0
                ? .file(Self.bytes, version: "v1", breaksAfter: 1000) : .problem(404, "not-found")
        }
        let old = directory.appending(path: "x")
        try Data("old".utf8).write(to: old)
        let ran = try await tarn(["fs", "get", "/x", "--addr", worker.address], in: directory)
        #expect(ran.status == 3)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["x"])
        #expect(try String(contentsOf: old, encoding: .utf8) == "old")
        await worker.stop()
    }

    @Test func getCopiesATreeAndLeavesOutWhatCannotBe() async throws {
        let directory = try scratchDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let worker = try await FakeWorker { asked, _ in
            switch asked.target {
            case "/v1/list?path=/d":
                .json(
                    200,
                    Self.list([("..", "file"), ("a", "file"), ("s", "directory")], next: "a")
                )
            case "/v1/list?path=/d&after=a":
                .json(200, Self.list([("z", "file")], next: nil))
            case "/v1/list?path=/d/s":
                .json(200, Self.list([("b", "file")], next: nil))
            default:
                .file(Array(asked.target.utf8), version: "v")
            }
        }
        let ran = try await tarn(
            ["fs", "get", "-r", "/d", "copy", "-o", "json", "--addr", worker.address],
            in: directory
        )
        #expect(ran.status == 6, "\(ran.error)")
        let report = try JSONSerialization.jsonObject(with: Data(ran.output)) as? [String: Any]
        #expect(report?["files"] as? Int == 3)
        let names = try FileManager.default.subpathsOfDirectory(atPath: directory.path).sorted()
        #expect(names == ["copy", "copy/a", "copy/s", "copy/s/b", "copy/z"])
        let text = try String(contentsOf: directory.appending(path: "copy/s/b"), encoding: .utf8)
        #expect(text == "/v1/files/d/s/b")
        await worker.stop()
    }

    /// `s-` comes before `s/`, and all of `s/` before `s0`: bytewise order of the whole paths.
    @Test(arguments: ["-R", "--recursive"])
    func aTreeIsListedDepthFirst(flag: String) async throws {
        let worker = try await FakeWorker { asked, _ in
            switch asked.target {
            case "/v1/list?path=/d":
                .json(200, Self.list([("s-", "file"), ("s", "directory")], next: "s"))
            case "/v1/list?path=/d/s":
                .json(200, Self.list([("b", "directory"), ("c", "file")], next: nil))
            case "/v1/list?path=/d/s/b": .json(200, Self.list([("x", "file")], next: nil))
            case "/v1/list?path=/d&after=s":
                .json(200, Self.list([("s0", "file"), ("t", "directory")], next: nil))
            default: .problem(404, "not-found")  // t has gone meanwhile
            }
        }
        let words = ["fs", "ls", flag, "/d", "--addr", worker.address]
        let ran = try await tarn(words)
        let lines = ran.text.split(separator: "\n").map(String.init)
        #expect(ran.status == 0, "\(ran.error)")
        #expect(lines == ["s-", "s/", "s/b/", "s/b/x", "s/c", "s0", "t/"])
        #expect(lines == lines.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        let asked = try await tarn(words + ["-o", "json"])
        let rows = try JSONSerialization.jsonObject(with: Data(asked.output)) as? [[String: Any]]
        let names = rows?.map { $0["name"] as? String }
        #expect(names == ["s-", "s", "s/b", "s/b/x", "s/c", "s0", "t"])
        let nothing = try await tarn(["fs", "ls", flag, "/no", "--addr", worker.address])
        #expect(nothing.status == 3 && nothing.output.isEmpty)
        await worker.stop()
    }

    @Test func listsShowNamesThatCannotSteerATerminal() async throws {
        let worker = try await FakeWorker { _, _ in
            .json(200, Self.list([("a\\u001b[31m\\nb", "file"), ("d", "directory")], next: nil))
        }
        let ran = try await tarn(["fs", "ls", "/d", "--addr", worker.address])
        #expect(ran.text == "a\u{FFFD}[31m\u{FFFD}b\nd/\n")
        let json = try await tarn(["fs", "ls", "/d", "-o", "json", "--addr", worker.address])
        let rows = try JSONSerialization.jsonObject(with: Data(json.output)) as? [[String: Any]]
        #expect(rows?.first?["name"] as? String == "a\u{1B}[31m\nb")
        await worker.stop()
    }

    @Test func statTellsFilesAndDirectories() async throws {
        let worker = try await FakeWorker { asked, _ in
            if asked.target == "/v1/files/f" { return .file([1, 2, 3], version: "v9") }
            if asked.target.hasPrefix("/v1/list?path=/d") {
                return .json(200, Self.list([], next: nil))
            }
            return .problem(404, "not-found")
        }
        let file = try await tarn(["fs", "stat", "/f", "-o", "json", "--addr", worker.address])
        let row = try JSONSerialization.jsonObject(with: Data(file.output)) as? [String: Any]
        #expect(row?["size"] as? Int == 3 && row?["version"] as? String == "v9")
        #expect(row?["modified"] as? String == "1994-11-06T08:49:37.000Z")
        let directory = try await tarn(["fs", "stat", "/d", "--addr", worker.address])
        #expect(directory.status == 0 && directory.text.contains("directory"))
        let nothing = try await tarn(["fs", "stat", "/no", "--addr", worker.address])
        #expect(nothing.status == 3)
        await worker.stop()
    }

    private static func list(_ names: [(name: String, type: String)], next: String?) -> String {
        let entries = names.map { entry in
            #"{"name":"\#(entry.name)","type":"\#(entry.type)","size":null,"modified":null,"version":null}"#
        }
        let cursor = next.map { "\"\($0)\"" } ?? "null"
        return #"{"path":"/d","entries":[\#(entries.joined(separator: ","))],"next":\#(cursor)}"#
    }
}
