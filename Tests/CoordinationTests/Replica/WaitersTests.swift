// SPDX-License-Identifier: Apache-2.0
import Coordination
import Primitives
import Testing

@Suite(.timeLimit(.minutes(1)))
struct WaitersTests {
    @Test func aMarkAlreadyReachedWaitsForNothing() async {
        let waiters = Waiters(reached: 5)
        #expect(await waiters.wait(for: 5, within: .seconds(60)))
        #expect(await waiters.wait(for: 1, within: .seconds(60)))
        waiters.advance(to: 3)
        #expect(waiters.reached == 5)
    }

    @Test func theDeadlineEndsAWait() async {
        let waiters = Waiters(reached: 0)
        #expect(await !waiters.wait(for: 1, within: Timespan(milliseconds: 10)))
        #expect(await !waiters.wait(for: 1, within: Timespan(milliseconds: 0)))
        #expect(waiters.count == 0)
    }

    @Test func aCancelledCallerStopsAtOnce() async throws {
        let waiters = Waiters(reached: 0)
        let waiting = Task { await waiters.wait(for: 1, within: .seconds(3600)) }
        try await eventually("it waits") { waiters.count == 1 }
        waiting.cancel()
        #expect(await !waiting.value)
        #expect(waiters.count == 0)
    }

    @Test func whoIsDismissedStopsAtOnceAlsoBeforeTheWait() async throws {
        let waiters = Waiters(reached: 0)
        let early = waiters.arrive()
        waiters.dismiss(early)
        #expect(await !waiters.wait(for: 1, within: .seconds(3600), as: early))

        let late = waiters.arrive()
        let waiting = Task { await waiters.wait(for: 1, within: .seconds(3600), as: late) }
        waiters.dismiss(late)
        #expect(await !waiting.value)
        waiters.dismiss(late)
        #expect(waiters.count == 0)
    }

    @Test func oneBeyondTheLimitIsToldAtOnce() async throws {
        let waiters = Waiters(reached: 0, limit: 2)
        let waiting = (0..<2).map { _ in
            Task { await waiters.wait(for: 1, within: .seconds(3600)) }
        }
        try await eventually("both wait") { waiters.count == 2 }
        #expect(await !waiters.wait(for: 1, within: .seconds(3600)))
        waiters.advance(to: 1)
        for waiting in waiting { #expect(await waiting.value) }
    }

    /// Goal: no wake-up is lost and nothing is kept, whatever comes first.
    ///
    /// Method: hundreds of tasks with marks, deadlines around zero and cancellations at random,
    /// while marks are reached from another task; a far deadline must end as reached.
    @Test(arguments: [UInt64(1), 2, 3])
    func nothingIsLostOrKeptInARace(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let waiters = Waiters(reached: 0)
        var patient: [Task<Bool, Never>] = []
        var hasty: [Task<Bool, Never>] = []
        for _ in 0..<400 {
            let mark = Int.random(in: 0...200, using: &random)
            if random.chance(percent: 50) {
                patient.append(Task { await waiters.wait(for: mark, within: .seconds(3600)) })
            } else {
                let limit = Timespan(milliseconds: UInt64.random(in: 0...3, using: &random))
                hasty.append(Task { await waiters.wait(for: mark, within: limit) })
                if random.chance(percent: 30) { hasty[hasty.count - 1].cancel() }
            }
            if random.chance(percent: 50) { waiters.advance(to: waiters.reached + 1) }
        }
        waiters.advance(to: 200)
        for waiting in patient { #expect(await waiting.value, "seed \(seed)") }
        for waiting in hasty { _ = await waiting.value }
        #expect(waiters.count == 0, "seed \(seed)")
    }
}
