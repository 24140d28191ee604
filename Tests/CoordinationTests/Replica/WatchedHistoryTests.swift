// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Primitives
import Testing

@Suite struct WatchedHistoryTests {
    static func change(_ revision: UInt64, _ key: String = "mounts//a") -> CatalogChange {
        CatalogChange(
            revision: Revision(revision),
            key: ByteString(key),
            value: nil,
            hasMore: false
        )
    }

    /// Goal: whoever asks gets what the history says, whatever was asked before.
    @Test(arguments: UInt64(1)...8)
    func answersAreThoseOfTheHistory(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var plain = ChangeHistory(revisionLimit: 40, byteLimit: .max)
        var watched = WatchedHistory(plain)
        var slices = 0
        for revision in UInt64(1)...300 {
            let added = [Self.change(revision, "mounts//\(revision % 5)")]
            plain.append(added)
            watched.append(added)
            for _ in 0..<Int.random(in: 0...8, using: &random) {
                let from = Revision(UInt64.random(in: 0...revision + 2, using: &random))
                let limit = [1, 2, 100].randomElement(using: &random) ?? 1
                let expected = plain.changes(from: from, limit: limit)
                #expect(watched.changes(from: from, limit: limit) == expected, "seed \(seed)")
                if case .slice(let changes) = expected, !changes.isEmpty { slices += 1 }
            }
        }
        #expect(slices > 100, "something was read")
    }

    @Test func aCrowdAtOnePlaceReadsOnce() {
        var watched = WatchedHistory(ChangeHistory())
        for revision in UInt64(1)...10 {
            watched.append([Self.change(revision)])
            for _ in 0..<1000 { _ = watched.changes(from: Revision(revision), limit: 512) }
        }
        #expect(watched.readCount == 10)
    }
}
