// SPDX-License-Identifier: Apache-2.0
import ElasticCore
import Primitives
import Testing

/// For how long a worker waits for a ring that others have.
struct EpochPatienceTests {
    private static let own = RingEpoch(7)

    private static func expect(
        _ patience: inout EpochPatience,
        isBehind: Bool,
        own: RingEpoch,
        nowMS: UInt64
    ) {
        let found = patience.isBehind(own: own, nowMS: nowMS)
        #expect(found == isBehind, "at \(nowMS) ms")
    }

    @Test func nobodyWaitsForWhatIsKnown() {
        var patience = EpochPatience()
        patience.heard(RingEpoch(7), own: Self.own, nowMS: 0)
        Self.expect(&patience, isBehind: false, own: Self.own, nowMS: 0)
    }

    @Test func theWaitEndsWithTheRing() {
        var patience = EpochPatience()
        patience.heard(RingEpoch(8), own: Self.own, nowMS: 100)
        Self.expect(&patience, isBehind: true, own: Self.own, nowMS: 2_099)
        Self.expect(&patience, isBehind: false, own: RingEpoch(8), nowMS: 2_099)
    }

    @Test func theWaitEndsAfterTwoSecondsAndNobodyIsHeardForTwenty() {
        var patience = EpochPatience()
        patience.heard(RingEpoch(8), own: Self.own, nowMS: 0)
        patience.heard(RingEpoch(8), own: Self.own, nowMS: 1_500)
        // Nor does a newer one make it longer.
        for epoch: UInt64 in 9...12 {
            patience.heard(RingEpoch(epoch), own: Self.own, nowMS: 1_500 + 100 * (epoch - 9))
        }
        Self.expect(&patience, isBehind: false, own: Self.own, nowMS: 2_000)
        patience.heard(RingEpoch(9), own: Self.own, nowMS: 21_999)
        Self.expect(&patience, isBehind: false, own: Self.own, nowMS: 21_999)
        patience.heard(RingEpoch(9), own: Self.own, nowMS: 22_000)
        Self.expect(&patience, isBehind: true, own: Self.own, nowMS: 22_000)
    }
}
