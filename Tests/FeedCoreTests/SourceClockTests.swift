// SPDX-License-Identifier: Apache-2.0
import FeedCore
import Primitives
import Testing

@Suite(.timeLimit(.minutes(1)))
struct SourceClockTests {
    @Test func nothingIsKnownBeforeTheFirstQuestion() {
        let clock = SourceClock()
        #expect(clock.moment(of: 5) == nil)
    }

    /// Goal: what a beacon is taken for is never later than when it was made, whatever the clocks' rates
    /// (0.4 ‰ apart), the delays, and how often the source is asked.
    @Test(arguments: UInt64(1)...50)
    func aBeaconIsNeverTakenForYounger(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let origin = UInt64.random(in: 0...1 << 40, using: &random)
        let rate = UInt64.random(in: 999_600...1_000_400, using: &random)
        func reading(_ nowMS: UInt64) -> UInt64 { origin + nowMS * rate / 1_000_000 }
        var clock = SourceClock()
        var now: UInt64 = 1_000
        var worst: UInt64 = 0
        for round in 0..<500 {
            now += .random(in: 1...5_000, using: &random)
            if round == 0 || random.chance(percent: 20) {
                // On its way there for up to 300 ms.
                clock.asked(
                    atMS: now,
                    reading: reading(now + .random(in: 0...300, using: &random))
                )
                now += 600
            }
            let made = now
            let taken = clock.moment(of: reading(made)) ?? 0
            #expect(taken <= made + 1, "seed \(seed), round \(round)")
            worst = max(worst, made - min(made, taken))
        }
        #expect(worst < 1_000, "and not for much older")
    }
}
