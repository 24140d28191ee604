// SPDX-License-Identifier: Apache-2.0
import Coordination
import Primitives
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct CoalescedCallTests {
    /// Goal: a caller never gets the answer of a call that began before it came.
    @Test func anAnswerIsNeverOlderThanItsQuestion() async {
        let calls = CoalescedCall<Int>()
        let clock = Atomic(0)
        let count = Atomic(0)
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<500 {
                group.addTask {
                    if number % 7 == 0 { await Task.yield() }
                    let asked = clock.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue
                    let began = await calls.value {
                        count.wrappingAdd(1, ordering: .sequentiallyConsistent)
                        let began = clock.wrappingAdd(1, ordering: .sequentiallyConsistent)
                        await Task.yield()
                        return began.newValue
                    }
                    return (began ?? 0) > asked
                }
            }
            for await isNewer in group { #expect(isNewer) }
        }
        #expect((1..<500).contains(count.load(ordering: .sequentiallyConsistent)), "shared")
    }

    @Test func aFailureIsToldToThoseWhoSharedItAlone() async {
        let calls = CoalescedCall<Int>()
        #expect(await calls.value { nil } == nil)
        #expect(await calls.value { 3 } == 3)
    }
}
