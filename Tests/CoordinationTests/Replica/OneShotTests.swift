// SPDX-License-Identifier: Apache-2.0
import Coordination
import Primitives
import Testing

@Suite(.timeLimit(.minutes(1)))
struct OneShotTests {
    @Test func theFirstAnswerCounts() async {
        let answer = OneShot<Int>()
        answer.resolve(1)
        answer.resolve(2)
        #expect(await answer.value(within: .seconds(60)) == 1)
    }

    @Test func theDeadlineEndsTheWaitAndALateAnswerIsNobodys() async {
        let answer = OneShot<Int>()
        #expect(await answer.value(within: Timespan(milliseconds: 5)) == nil)
        answer.resolve(1)
        #expect(await answer.value(within: .seconds(60)) == nil)
    }

    @Test func anAnswerReachesAWaiter() async {
        for number in 0..<200 {
            let answer = OneShot<Int>()
            let waiting = Task { await answer.value(within: .seconds(3600)) }
            if number % 2 == 0 { await Task.yield() }
            answer.resolve(number)
            #expect(await waiting.value == number)
        }
    }

    @Test func aCancelledWaiterEnds() async {
        for number in 0..<200 {
            let answer = OneShot<Int>()
            let waiting = Task { await answer.value(within: .seconds(3600)) }
            if number % 2 == 0 { await Task.yield() }
            waiting.cancel()
            #expect(await waiting.value == nil)
        }
    }
}
