// SPDX-License-Identifier: Apache-2.0
import Coordination
import Synchronization
import Testing

@Suite struct ElapsedClockTests {
    private let time = Time()

    private final class Time: Sendable {
        let value = Mutex<UInt64>(1_000_000)
        func pass(_ ms: UInt64) { value.withLock { $0 += ms } }
    }

    private func clock() -> ElapsedClock {
        ElapsedClock { [time] in time.value.withLock { $0 } }
    }

    @Test func itGoesOnFromTheNewestCommand() {
        let clock = clock()
        time.pass(50)
        #expect(clock.elapsedMS == 50)
        clock.saw(7_000)
        time.pass(5)
        #expect(clock.elapsedMS == 7_005)
    }

    /// Goal: a leader that applies its own commands a moment after it stamped them loses no time.
    @Test func ownCommandsDoNotHoldItBack() {
        let clock = clock()
        for _ in 0..<1000 {
            let stamp = clock.elapsedMS
            time.pass(5)
            clock.saw(stamp)
        }
        #expect(clock.elapsedMS == 5000)
    }

    @Test func anOlderCommandChangesNothing() {
        let clock = clock()
        clock.saw(7_000)
        clock.saw(10)
        #expect(clock.elapsedMS == 7_000)
    }
}
