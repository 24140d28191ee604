// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Coordination
import HTTPAPI
import NIOCore
import Primitives
import Testing

@Suite struct WatchLinesTests {
    enum More { case none, follow }

    static func change(
        _ revision: UInt64,
        _ origin: String = "s3://a",
        _ more: More = .none
    ) -> CatalogChange {
        let catalog = Sample.catalog(mounts: [("/data/a", Mount(origin: origin))])
        return CatalogChange(
            revision: Revision(revision),
            key: CatalogKey.mount("/data/a"),
            value: catalog.mount(at: "/data/a").map(CatalogValue.mount),
            hasMore: more == .follow
        )
    }

    @Test func aLineIsMadeOnceForAll() throws {
        var lines = WatchLines()
        var made = 0
        for revision in UInt64(1)...20 {
            let change = Self.change(revision)
            let expected = try WatchLines.encode(.change(change))
            for _ in 0..<100 {
                let line = try lines.line(of: change) { event in
                    made += 1
                    return try WatchLines.encode(event)
                }
                #expect(line == expected)
            }
        }
        #expect(made == 20)
        #expect(lines.count == 20)
    }

    /// Goal: a prefix that lets other keys of the revision through gets its own line.
    @Test func whetherMoreFollowsIsPartOfTheLine() throws {
        var lines = WatchLines()
        let last = try lines.line(of: Self.change(7, "s3://a", .none))
        let first = try lines.line(of: Self.change(7, "s3://a", .follow))
        #expect(!String(buffer: last).contains("\"more\""))
        #expect(String(buffer: first).contains("\"more\":true"))
        #expect(lines.count == 2)
    }

    /// Goal: after a state was rebuilt, a revision may stand for another change.
    @Test func anotherChangeOfTheSameRevisionGetsItsOwnLine() throws {
        var lines = WatchLines()
        let wrong = try lines.line(of: Self.change(7, "s3://wrong"))
        let right = try lines.line(of: Self.change(7, "s3://right"))
        #expect(String(buffer: wrong).contains("s3://wrong"))
        #expect(String(buffer: right).contains("s3://right"))
        #expect(lines.count == 1)
        #expect(lines.byteCount == right.readableBytes)
    }

    @Test func theOldestLeaveForWantOfRoom() throws {
        let oneByteCount = try WatchLines.encode(.change(Self.change(100))).readableBytes
        var few = WatchLines(lineLimit: 3)
        var small = WatchLines(byteLimit: 2 * oneByteCount + 1)
        for revision in UInt64(100)..<150 {
            _ = try few.line(of: Self.change(revision))
            _ = try small.line(of: Self.change(revision))
            #expect(few.count <= 3)
            #expect(small.byteCount <= 2 * oneByteCount + 1)
        }
        #expect((few.count, small.count) == (3, 2))

        var made = 0
        for revision in [UInt64(149), 147, 146] {
            _ = try few.line(of: Self.change(revision)) { event in
                made += 1
                return try WatchLines.encode(event)
            }
        }
        #expect(made == 1, "146 had left, 147 and 149 had not")
    }

    @Test func whatIsTooLongIsNotKept() throws {
        var lines = WatchLines(byteLimit: 10)
        #expect(try lines.line(of: Self.change(1)).readableBytes > 10)
        #expect((lines.count, lines.byteCount) == (0, 0))
    }

    static let events: [WatchEvent] =
        [
            .change(change(7)), .change(change(8, "s3://a b/\"", .follow)),
            .change(
                CatalogChange(
                    revision: Revision(9),
                    key: CatalogKey.mount("/data/a"),
                    value: nil,
                    hasMore: false
                )
            ),
            .progress(Revision(12)), .closed(resumeFrom: Revision(13)),
        ]
        + Sample.catalog(mounts: [("/data/a", Mount(origin: "s3://é"))])
        .liveKeys(prefix: ByteString()).compactMap { live in
            live.value.map { .state(key: live.key, value: $0, revision: live.revision) }
        }

    /// Lines that write themselves are those that `JSONEncoder` would make.
    @Test(arguments: events) func everyLineIsItsDocument(event: WatchEvent) throws {
        let line = try WatchLines.encode(event)
        guard case .bytes(var document) = APIResponse.json(WatchLine(event)).body else { return }
        document.writeString("\n")
        #expect(String(buffer: line) == String(buffer: document))
    }
}
