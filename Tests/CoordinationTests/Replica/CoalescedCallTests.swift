// SPDX-License-Identifier: Apache-2.0
import Coordination
import Primitives
import Synchronization
import Testing

/// Counts from 1 for any task.
final class Counter: Sendable {
    private let value = Mutex(0)

    func next() -> Int {
        value.withLock { value in
            value += 1
            return value
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct CoalescedCallTests {
    /// Goal: a caller never gets the answer of a call that began before it came.
    @Test func anAnswerIsNeverOlderThanItsQuestion() async {
        let calls = CoalescedCall<Int>()
        let clock = Counter()
        let count = Counter()
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<500 {
                group.addTask {
                    if number % 7 == 0 { await Task.yield() }
                    let asked = clock.next()
                    let began = await calls.value {
                        _ = count.next()
                        let began = clock.next()
                        await Task.yield()
                        return began
                    }
                    return (began ?? 0) > asked
                }
            }
            for await isNewer in group { #expect(isNewer) }
        }
        #expect((2...501).contains(count.next()), "shared")
    }

    @Test func aFailureIsToldToThoseWhoSharedItAlone() async {
        let calls = CoalescedCall<Int>()
        #expect(await calls.value { nil } == nil)
        #expect(await calls.value { 3 } == 3)
    }
}
