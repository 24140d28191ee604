// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import Testing

struct ChangeHistoryTests {
    /// The changes of one revision.
    static func changes(_ revision: UInt64, count: Int = 1) -> [CatalogChange] {
        (0..<count).map { number in
            CatalogChange(
                revision: Revision(revision),
                key: ByteString("mounts//\(number)"),
                value: nil,
                hasMore: number < count - 1
            )
        }
    }

    func revisions(_ reading: ChangeHistory.Reading) -> [UInt64]? {
        if case .slice(let changes) = reading { changes.map(\.revision.rawValue) } else { nil }
    }

    @Test func readingStartsAtTheAskedRevision() {
        var history = ChangeHistory()
        #expect(history.oldest == Revision(1))
        #expect(revisions(history.changes(from: Revision(1))) == [])
        for revision in UInt64(1)...5 { history.append(Self.changes(revision)) }

        #expect(revisions(history.changes(from: .zero)) == [1, 2, 3, 4, 5])
        #expect(revisions(history.changes(from: Revision(1))) == [1, 2, 3, 4, 5])
        #expect(revisions(history.changes(from: Revision(4))) == [4, 5])
        #expect(revisions(history.changes(from: Revision(6))) == [])
        #expect(revisions(history.changes(from: Revision(99))) == [])
        history.append([])
        #expect(revisions(history.changes(from: Revision(5))) == [5])
    }

    @Test func aRevisionIsNeverCutInTwo() {
        var history = ChangeHistory()
        history.append(Self.changes(1))
        history.append(Self.changes(2, count: 3))
        history.append(Self.changes(3))
        #expect(revisions(history.changes(from: Revision(1), limit: 2)) == [1, 2, 2, 2])
        #expect(revisions(history.changes(from: Revision(1), limit: 1)) == [1])
        #expect(revisions(history.changes(from: Revision(2), limit: 1)) == [2, 2, 2])
    }

    @Test func aSnapshotCompactsWhatItCovers() {
        var history = ChangeHistory(after: Revision(40))
        #expect(history.changes(from: Revision(40)) == .compacted(oldest: Revision(41)))
        #expect(history.changes(from: .zero) == .compacted(oldest: Revision(41)))
        history.append(Self.changes(41))
        #expect(revisions(history.changes(from: Revision(41))) == [41])
    }

    /// Goal: neither bound is passed by more than one revision, and neither gives up too early.
    @Test(arguments: [(revisions: 10, bytes: Int.max), (.max, 500), (10, 500), (1, 1)])
    func bothBoundsHold(_ limit: (revisions: Int, bytes: Int)) {
        var history = ChangeHistory(revisionLimit: limit.revisions, byteLimit: limit.bytes)
        let bytesEach = 3 * (4 + "mounts//0".utf8.count + 1)  // Length, key, kind.
        for revision in UInt64(1)...1000 { history.append(Self.changes(revision, count: 3)) }

        let enoughBytes = limit.bytes == .max ? Int.max : (limit.bytes - 1) / bytesEach + 1
        let kept = min(limit.revisions, enoughBytes)
        #expect(history.oldest == Revision(1000 - UInt64(kept) + 1))
        let gone = Revision(history.oldest.rawValue - 1)
        #expect(history.changes(from: gone) == .compacted(oldest: history.oldest))
        #expect(revisions(history.changes(from: history.oldest))?.count == 3 * kept)
    }

    /// Values of every kind are read as they were written, and a key that is gone as gone.
    @Test func whatIsReadIsWhatWasWritten() {
        var catalog = Catalog()
        var history = ChangeHistory()
        var written: [CatalogChange] = []
        let mount = Mount(
            origin: "s3://bucket/é/",
            options: [option("endpoint", "http://127.0.0.1:9000")],
            credential: "key-1",
            regions: [region("us", origin: "file:///data")]
        )
        let operations: [CatalogCommand.Operation] = [
            .genesis(clusterEntry(), firstWorkers),
            .putMount(path: "/data/a", mount, .absent(plain: true)),
            .register(registration("w9", store: 9, capacity: 7)),
            .members(voters: [NodeID(1), NodeID(2), NodeID(4)]),
            .activate(NodeID(4)),
            .removeMount(path: "/data/a", .any),
        ]
        for operation in operations {
            let changes = catalog.perform(operation).changes
            history.append(changes)
            written += changes
        }
        #expect(history.changes(from: Revision(1)) == .slice(written))
        let kinds = Set(written.map { String("\($0.value, default: "gone")".prefix { $0 != "(" }) })
        #expect(kinds == ["cluster", "mount", "worker", "ring", "gone"])
    }
}
