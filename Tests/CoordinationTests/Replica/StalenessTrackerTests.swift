// SPDX-License-Identifier: Apache-2.0
import Coordination
import Primitives
import Testing

@Suite(.timeLimit(.minutes(1)))
struct StalenessTrackerTests {
    @Test func nothingIsKnownBeforeAnythingWasHeard() {
        let tracker = StalenessTracker()
        #expect(tracker.age(nowMS: 1000, applied: .zero) == nil)
    }

    @Test func agesAddFromTheMomentOfAsking() {
        let tracker = StalenessTracker()
        let age = Timespan(milliseconds: 30)
        tracker.heard(index: LogIndex(5), age: age, askedAtMS: 1000, applied: LogIndex(5))
        #expect(tracker.age(nowMS: 1100, applied: LogIndex(5))?.milliseconds == 130)
    }

    @Test func aStatementCountsOnceItsIndexIsApplied() {
        let tracker = StalenessTracker()
        tracker.heard(index: LogIndex(3), age: .seconds(0), askedAtMS: 1000, applied: LogIndex(3))
        tracker.heard(index: LogIndex(9), age: .seconds(0), askedAtMS: 2000, applied: LogIndex(3))
        #expect(tracker.age(nowMS: 2000, applied: LogIndex(8))?.milliseconds == 1000)
        #expect(tracker.age(nowMS: 2000, applied: LogIndex(9))?.milliseconds == 0)
    }

    @Test func anAgeLongerThanTheClockOrFromTheFutureIsHarmless() {
        let tracker = StalenessTracker()
        let forever = Timespan(milliseconds: .max)
        tracker.heard(index: .zero, age: forever, askedAtMS: 5, applied: .zero)
        #expect(tracker.age(nowMS: 100, applied: .zero)?.milliseconds == 100)
        tracker.heard(index: .zero, age: .seconds(0), askedAtMS: 500, applied: .zero)
        #expect(tracker.age(nowMS: 400, applied: .zero)?.milliseconds == 0)
    }

    /// Goal: the age is never below the truth, and falls once a busy replica keeps up a little.
    ///
    /// Method: a leader commits at random true times; a replica applies late, asks at random, and
    /// answers travel; both clocks have another origin. True age: now − when the oldest entry that
    /// is committed and not applied here was committed.
    @Test(arguments: UInt64(1)...30)
    func theAgeIsNeverBelowTheTruth(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let tracker = StalenessTracker()
        let offset: UInt64 = 1_000_000  // The replica's clock is not the leader's.
        var committedAt: [UInt64] = []  // true time of entry i + 1
        var applied = 0
        var answers: [(arrives: UInt64, index: Int, asked: UInt64, age: UInt64)] = []
        var knownCount = 0
        for now in UInt64(0)..<3000 {
            if random.chance(percent: 20) { committedAt.append(now) }
            if random.chance(percent: 18), applied < committedAt.count { applied += 1 }
            if random.chance(percent: 5) {  // Asked now; the answer is made later, arrives later.
                let travel = UInt64.random(in: 0...20, using: &random)
                // The answer holds what is committed when it is made; its age is from the asking
                // on: a leader confirmed `back` before it answers says that much.
                let back = UInt64.random(in: 0...30, using: &random)
                answers.append((now + 2 * travel, committedAt.count, now, back))
            }
            for answer in answers where answer.arrives == now {
                tracker.heard(
                    index: LogIndex(UInt64(answer.index)),
                    age: Timespan(milliseconds: answer.age),
                    askedAtMS: answer.asked + offset,
                    applied: LogIndex(UInt64(applied))
                )
            }
            let index = LogIndex(UInt64(applied))
            guard let age = tracker.age(nowMS: now + offset, applied: index) else { continue }
            knownCount += 1
            let truth = applied < committedAt.count ? now - committedAt[applied] : 0
            #expect(age.milliseconds >= truth, "seed \(seed) at \(now)")
        }
        #expect(knownCount > 1000, "seed \(seed): an age was known most of the time")
    }
}
