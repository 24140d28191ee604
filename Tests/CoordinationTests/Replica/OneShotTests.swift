// SPDX-License-Identifier: Apache-2.0
import Coordination
import Testing

@Suite(.timeLimit(.minutes(1)))
struct OneShotTests {
    @Test func theFirstAnswerCounts() async {
        let answer = OneShot<Int>()
        answer.resolve(1)
        answer.resolve(2)
        #expect(await answer.value() == 1)
    }

    @Test func anExpiredWaitEndsAndALateAnswerIsNobodys() async {
        for number in 0..<200 {
            let answer = OneShot<Int>()
            let waiting = Task { await answer.value() }
            if number % 2 == 0 { await Task.yield() }
            answer.expire()
            answer.resolve(1)
            #expect(await waiting.value == nil)
        }
    }

    @Test func anAnswerReachesAWaiter() async {
        for number in 0..<200 {
            let answer = OneShot<Int>()
            let waiting = Task { await answer.value() }
            if number % 2 == 0 { await Task.yield() }
            answer.resolve(number)
            #expect(await waiting.value == number)
        }
    }

    @Test func aCancelledWaiterEnds() async {
        for number in 0..<200 {
            let answer = OneShot<Int>()
            let waiting = Task { await answer.value() }
            if number % 2 == 0 { await Task.yield() }
            waiting.cancel()
            #expect(await waiting.value == nil)
        }
    }
}
