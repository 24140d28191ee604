// SPDX-License-Identifier: Apache-2.0

import GossipWorlds

/// What hours cost in which nothing happens, and whether anybody was thought dead.
struct IdleRow {
    let memberCount: Int
    let hours: UInt64
    let tally: GossipTally

    /// Datagrams lost on a healthy network, in thousandths: one in a thousand is a bad one.
    private static let lossThousandths = 1
    private static let warmUpMS: UInt64 = 60_000

    init(memberCount: Int, seed: UInt64, hours: UInt64) throws {
        var plan = GossipPlan(seed: seed, memberCount: memberCount)
        plan.lossThousandths = Self.lossThousandths
        plan.isCoded = false
        var world = GossipWorld(plan)
        world.run(forMS: Self.warmUpMS)
        world.forgetTally()
        world.run(forMS: hours * 3_600_000)
        try world.demandSoundness()
        self.memberCount = memberCount
        self.hours = hours
        tally = world.tally
    }

    static let head = """
        | members | idle hours | events | suspicions | false deaths | bytes a second and member | datagrams |
        | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
        """

    var line: String {
        let seconds = hours * 3600 * UInt64(memberCount)
        let cells = [
            "\(memberCount)", "\(hours)", "\(tally.events)", "\(tally.falseSuspicions)",
            "\(tally.falseDeaths)", "\(tally.byteCount / seconds)",
            "\((tally.datagrams * 10 / seconds).tenths)",
        ]
        return "| " + cells.joined(separator: " | ") + " |"
    }
}
