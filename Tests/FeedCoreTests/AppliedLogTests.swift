// SPDX-License-Identifier: Apache-2.0
import FeedCore
import Primitives
import Testing

@Suite(.timeLimit(.minutes(1)))
struct AppliedLogTests {
    func command(_ index: UInt64, bytes: Int = 10) -> AppliedCommand {
        AppliedCommand(index: LogIndex(index), payload: Array(repeating: 1, count: bytes))
    }

    @Test func whatIsGoneIsNotGuessed() {
        var log = AppliedLog(horizon: LogIndex(10))
        log.append(command(12))
        log.append(command(15))
        #expect(log.commands(after: LogIndex(9), limit: 10) == nil)
        #expect(log.commands(after: LogIndex(10), limit: 10)?.map(\.index.rawValue) == [12, 15])
        #expect(log.commands(after: LogIndex(12), limit: 10)?.map(\.index.rawValue) == [15])
        #expect(log.commands(after: LogIndex(99), limit: 10) == [])
        #expect(log.newest == LogIndex(15))
    }

    @Test func aBatchIsBoundedByBytesButNeverEmpty() {
        var log = AppliedLog(horizon: .zero)
        for index in UInt64(1)...4 { log.append(command(index, bytes: 100)) }
        #expect(log.commands(after: .zero, limit: 10, byteLimit: 250)?.count == 2)
        #expect(log.commands(after: .zero, limit: 10, byteLimit: 1)?.count == 1)
        #expect(log.commands(after: LogIndex(4), limit: 10, byteLimit: 1) == [])
    }

    /// Goal: as a list that forgets from the front.
    @Test(arguments: UInt64(1)...20)
    func itIsAListThatForgetsFromTheFront(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let countLimit = Int.random(in: 1...20, using: &random)
        let byteLimit = Int.random(in: 50...400, using: &random)
        var log = AppliedLog(horizon: .zero, countLimit: countLimit, byteLimit: byteLimit)
        var model: [AppliedCommand] = []
        var horizon = LogIndex.zero
        var index: UInt64 = 0
        for _ in 0..<200 {
            index += UInt64.random(in: 1...3, using: &random)
            let next = command(index, bytes: Int.random(in: 1...40, using: &random))
            log.append(next)
            model.append(next)
            while model.count > countLimit || model.reduce(0, { $0 + $1.payload.count }) > byteLimit
            {
                horizon = model.removeFirst().index
            }
            #expect(log.horizon == horizon, "seed \(seed)")
            let after = LogIndex(UInt64.random(in: 0...index + 1, using: &random))
            let limit = Int.random(in: 1...10, using: &random)
            let wanted =
                after < horizon ? nil : Array(model.filter { $0.index > after }.prefix(limit))
            #expect(log.commands(after: after, limit: limit) == wanted, "seed \(seed)")
        }
    }
}
