// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOEmbedded
import PeerTransport
import Testing

@Suite struct DeadlinesTests {
    private let loop = EmbeddedEventLoop()

    /// Goal: each is told once, in time, whichever was set first, and who has ended is not.
    @Test func whoIsLateIsToldOnce() {
        var late: [String] = []
        let deadlines = Deadlines<String>(on: loop) { late.append($0) }
        deadlines.set(1, at: loop.now + .seconds(5), "five")
        deadlines.set(2, at: loop.now + .seconds(1), "one")
        deadlines.set(3, at: loop.now + .seconds(3), "three")
        deadlines.set(4, at: loop.now + .seconds(2), "ended")
        deadlines.end(4)
        loop.advanceTime(by: .milliseconds(999))
        #expect(late.isEmpty)
        loop.advanceTime(by: .milliseconds(1))
        #expect(late == ["one"])
        loop.advanceTime(by: .seconds(2))
        #expect(late == ["one", "three"])
        loop.advanceTime(by: .seconds(60))
        #expect(late == ["one", "three", "five"])
        #expect(deadlines.count == 0)
    }

    /// Goal: a call that has ended is not kept until its time is over.
    @Test func nothingIsKeptOfWhatHasEnded() {
        let deadlines = Deadlines<Int>(on: loop) { Issue.record("\($0) has ended") }
        for id in 0..<1_000 {
            deadlines.set(UInt64(id), at: loop.now + .seconds(5), id)
            deadlines.end(UInt64(id))
        }
        #expect(deadlines.count == 0)
        deadlines.set(1, at: loop.now + .seconds(5), 1)
        deadlines.endAll()
        loop.advanceTime(by: .seconds(6))
    }

    /// Goal: a deadline set behind the timer of one that has ended is kept.
    @Test func aTimerThatComesForNobodyGoesOn() {
        var late: [Int] = []
        let deadlines = Deadlines<Int>(on: loop) { late.append($0) }
        deadlines.set(1, at: loop.now + .seconds(1), 1)
        deadlines.end(1)
        deadlines.set(2, at: loop.now + .seconds(4), 2)
        loop.advanceTime(by: .seconds(3))
        #expect(late.isEmpty)
        loop.advanceTime(by: .seconds(1))
        #expect(late == [2])
    }
}
