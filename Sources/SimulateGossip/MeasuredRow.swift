// SPDX-License-Identifier: Apache-2.0

import GossipCore
import GossipWorlds
import Primitives

/// How gossip among so many members does.
struct MeasuredRow {
    let memberCount: Int
    private var silent: [GossipSpread] = []
    private var killed: [GossipSpread] = []
    private var lossy = GossipTally()
    private var starved = GossipTally()
    private var idle = GossipTally()

    private static let warmUpMS: UInt64 = 30_000
    private static let idleMS: UInt64 = 300_000
    /// Deaths of each kind, over all worlds.
    private static let deathCount = 20
    /// How often one in so many may die before the world counts as another.
    private static let share = 20

    init(memberCount: Int, seed: UInt64) throws {
        self.memberCount = memberCount
        let perWorld = min(Self.deathCount, max(1, memberCount / Self.share))
        for world in 0..<(Self.deathCount / perWorld) {
            try measureDeaths(seed: seed + UInt64(world), count: perWorld)
        }
        idle = try measure(seed: seed) { _ in }
        lossy = try measure(seed: seed, lossThousandths: 100) { _ in }
        starved = try measure(seed: seed) { $0.starve(NodeID(2), upToMS: 3_000) }
    }

    /// Some members are lost in silence, as many others killed, one after the other.
    private mutating func measureDeaths(seed: UInt64, count: Int) throws {
        var world = GossipWorld(plan(seed))
        world.run(forMS: Self.warmUpMS)
        for death in 0..<2 * count {
            let victim = NodeID(UInt64(1 + death * (memberCount / (2 * count))))
            if death % 2 == 0 { world.lose(victim) } else { world.kill(victim) }
            _ = world.runUntilKnown(withinMS: 60_000)
            try world.demandSoundness()
            guard let spread = world.spread else { continue }
            if death % 2 == 0 { silent.append(spread) } else { killed.append(spread) }
            world.run(forMS: 3_000)
        }
    }

    private func measure(
        seed: UInt64,
        lossThousandths: Int = 0,
        _ change: (inout GossipWorld) -> Void
    ) throws -> GossipTally {
        var plan = plan(seed)
        plan.lossThousandths = lossThousandths
        var world = GossipWorld(plan)
        world.run(forMS: Self.warmUpMS)
        change(&world)
        world.forgetTally()
        world.run(forMS: Self.idleMS)
        try world.demandSoundness()
        return world.tally
    }

    private func plan(_ seed: UInt64) -> GossipPlan {
        var plan = GossipPlan(seed: seed, memberCount: memberCount)
        plan.isCoded = memberCount <= 100
        return plan
    }

    // MARK: - The line

    static let head = """
        | members | silent: suspected | first knows | all know | killed: all know | \
        10 % loss: suspicions, false deaths | starved: suspicions, false deaths | bytes a second |
        | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
        """

    var line: String {
        let bytes = idle.byteCount / (UInt64(memberCount) * Self.idleMS / 1000)
        let cells = [
            "\(memberCount)", Self.text(silent.map(\.suspectedMS)),
            Self.text(silent.map(\.firstMS)),
            Self.text(silent.map(\.lastMS)), Self.text(killed.map(\.lastMS)),
            "\(lossy.falseSuspicions), \(lossy.falseDeaths)",
            "\(starved.falseSuspicions), \(starved.falseDeaths)", "\(bytes)",
        ]
        return "| " + cells.joined(separator: " | ") + " |"
    }

    /// Median and longest, in seconds.
    private static func text(_ times: [UInt64?]) -> String {
        let known = times.compactMap { $0 }.sorted()
        guard let last = known.last else { return "never" }
        let rest = known.count < times.count ? ", \(times.count - known.count) never" : ""
        return "\(known[known.count / 2].seconds), \(last.seconds) s\(rest)"
    }
}

extension UInt64 {
    /// Tenths as people read them.
    var tenths: String { "\(self / 10).\(self % 10)" }
    /// Milliseconds as seconds, to two places.
    var seconds: String {
        let hundredths = (self + 5) / 10
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}
