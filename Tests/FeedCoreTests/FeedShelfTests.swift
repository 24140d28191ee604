// SPDX-License-Identifier: Apache-2.0
import FeedCore
import Primitives
import Testing

@Suite(.timeLimit(.minutes(1)))
struct FeedShelfTests {
    private func command(_ index: UInt64) -> AppliedCommand {
        AppliedCommand(index: LogIndex(index), payload: [UInt8(truncatingIfNeeded: index)])
    }

    /// Goal: whatever the order in which followers ask, each gets every command once.
    @Test(arguments: UInt64(1)...20)
    func everyFollowerGetsEverythingOnce(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var shelf = FeedShelf()
        var log = AppliedLog(horizon: .zero)
        var followers = (0..<10).map { _ in
            (FeedAssembly(after: .zero), [LogIndex](), LogIndex.zero)
        }
        for number in UInt64(1)...200 {
            log.append(command(number))
            for place in followers.indices where random.chance(percent: 60) || number == 200 {
                while let batch = shelf.batch(
                    after: followers[place].2,
                    read: {
                        let found = log.commands(after: followers[place].2, limit: 7) ?? []
                        return (found, found.last?.index ?? log.newest)
                    }
                ) {
                    for item in batch.items {
                        if case .apply(let commands) = try followers[place].0.take(item) {
                            followers[place].1 += commands.map(\.index)
                        }
                    }
                    followers[place].2 = batch.upTo
                }
            }
        }
        for follower in followers { #expect(follower.1 == (1...200).map { LogIndex($0) }) }
        #expect(shelf.sharedCount > shelf.encodedCount, "ten followers share")
    }

    @Test func nothingNewIsNoBatch() {
        var shelf = FeedShelf()
        let nothing = shelf.batch(after: LogIndex(5)) { ([], LogIndex(5)) }
        #expect(nothing == nil && shelf.encodedCount == 0)
        let mark = shelf.batch(after: LogIndex(5)) { ([], LogIndex(6)) }
        #expect(mark?.items == [FeedItem.complete(LogIndex(6)).encode()])
    }
}
