// SPDX-License-Identifier: Apache-2.0

import GossipCore
import Testing

/// Goal: the formulas give what their documentation says.
@Suite struct GossipSettingsTests {
    // swift-format-ignore
    static let sizes: [(members: Int, floorMS: ClosedRange<UInt64>, rumourLimit: Int)] = [
        (1,     1_500...1_500, 2),
        (3,     1_500...1_500, 4),
        (7,     1_500...1_500, 6),
        (10,    1_500...1_500, 8),
        (100,   2_950...3_000, 14),
        (1_000, 4_450...4_500, 20),
        (5_000, 5_480...5_550, 26),
    ]

    @Test(arguments: sizes)
    func timesGrowWithTheLogarithm(members: Int, floorMS: ClosedRange<UInt64>, rumourLimit: Int) {
        let settings = GossipSettings()
        let floor = settings.suspicionFloorMS(memberCount: members)
        #expect(floorMS.contains(floor), "\(floor)")
        #expect(settings.rumourLimit(memberCount: members) == rumourLimit)
    }

    @Test func confirmationsShortenASuspicionDownToTheFloor() {
        let settings = GossipSettings()
        let durations = (0...3).map {
            settings.suspicionMS(memberCount: 10, confirmations: $0, possible: 3)
        }
        #expect(durations[0] == 9_000)
        #expect(durations[1] == 5_250)  // log 2 / log 4 = ½
        #expect(durations == durations.sorted(by: >))
        #expect(durations[3] == 1_500)
        #expect(settings.suspicionMS(memberCount: 2, confirmations: 0, possible: 0) == 1_500)
    }
}
