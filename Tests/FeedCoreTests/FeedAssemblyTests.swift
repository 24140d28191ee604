// SPDX-License-Identifier: Apache-2.0
import FeedCore
import Primitives
import TestKit
import Testing

@Suite(.timeLimit(.minutes(1)))
struct FeedAssemblyTests {
    func head(_ index: UInt64, _ state: [UInt8]) -> [UInt8] {
        FeedItem.snapshot(
            index: LogIndex(index),
            byteCount: UInt64(state.count),
            checksum: CRC32C.checksum(state)
        ).encode()
    }

    func command(_ index: UInt64) -> AppliedCommand {
        AppliedCommand(index: LogIndex(index), payload: [1, 2])
    }

    @Test func piecesMakeAStateAgain() throws {
        var assembly = FeedAssembly(after: .zero)
        #expect(try assembly.take(head(7, [1, 2, 3])) == .none)
        #expect(try assembly.take(FeedItem.piece([1, 2]).encode()) == .none)
        #expect(
            try assembly.take(FeedItem.piece([3]).encode())
                == .restore(state: [1, 2, 3], at: LogIndex(7))
        )
        #expect(
            try assembly.take(FeedItem.commands([command(8), command(10)]).encode())
                == .apply([command(8), command(10)])
        )
        #expect(
            try assembly.take(FeedItem.complete(LogIndex(10)).encode()) == .advance(LogIndex(10))
        )
    }

    /// What a source may send that is no feed; each ends it.
    static let broken: [(what: String, items: [FeedItem])] = [
        ("a piece without a head", [.piece([1])]),
        ("an empty state", [.snapshot(index: LogIndex(9), byteCount: 0, checksum: 0)]),
        ("a huge state", [.snapshot(index: LogIndex(9), byteCount: .max, checksum: 0)]),
        ("an old state", [.snapshot(index: LogIndex(5), byteCount: 1, checksum: 0)]),
        (
            "an empty piece",
            [.snapshot(index: LogIndex(9), byteCount: 2, checksum: 0), .piece([])]
        ),
        (
            "too long a piece",
            [.snapshot(index: LogIndex(9), byteCount: 2, checksum: 0), .piece([1, 2, 3])]
        ),
        (
            "a wrong checksum",
            [.snapshot(index: LogIndex(9), byteCount: 2, checksum: 1), .piece([1, 2])]
        ),
        (
            "commands inside a state",
            [
                .snapshot(index: LogIndex(9), byteCount: 2, checksum: 1),
                .commands([AppliedCommand(index: LogIndex(10), payload: [])]),
            ]
        ),
        (
            "a mark inside a state",
            [
                .snapshot(index: LogIndex(9), byteCount: 2, checksum: 1), .complete(LogIndex(9)),
            ]
        ),
        ("an old command", [.commands([AppliedCommand(index: LogIndex(5), payload: [])])]),
        (
            "commands out of order",
            [
                .commands([
                    AppliedCommand(index: LogIndex(8), payload: []),
                    AppliedCommand(index: LogIndex(7), payload: []),
                ])
            ]
        ),
        (
            "a command before a mark",
            [
                .complete(LogIndex(9)),
                .commands([AppliedCommand(index: LogIndex(9), payload: [])]),
            ]
        ),
        ("a mark that goes back", [.complete(LogIndex(4))]),
        ("an index past arithmetic", [.complete(LogIndex(.max))]),
    ]

    @Test(arguments: broken.indices)
    func whatIsNoFeedEndsIt(_ row: Int) throws {
        var assembly = FeedAssembly(after: LogIndex(5))
        let items = Self.broken[row].items
        for item in items.dropLast() { _ = try assembly.take(item.encode()) }
        #expect(throws: FeedError.self, "\(Self.broken[row].what)") {
            try assembly.take(items[items.count - 1].encode())
        }
    }

    /// Goal: no bytes trap, and nothing comes out that was not put in order.
    @Test(arguments: UInt64(1)...8)
    func hostileBytesNeverTrap(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let seeds: [[UInt8]] = [
            head(9, [1, 2, 3]), FeedItem.piece([1, 2, 3]).encode(),
            FeedItem.commands([command(7), command(8)]).encode(),
            FeedItem.complete(LogIndex(12)).encode(), FeedRequest(after: LogIndex(3)).encode(),
        ]
        var refusedCount = 0
        for _ in 0..<3000 {
            var assembly = FeedAssembly(after: .zero)
            for _ in 0..<3 {
                let bytes = mutated(seeds.randomElement(using: &random) ?? [], &random)
                do {
                    _ = try assembly.take(bytes)
                } catch {
                    refusedCount += 1
                    break
                }
            }
        }
        #expect(refusedCount > 500, "seed \(seed)")
    }
}
