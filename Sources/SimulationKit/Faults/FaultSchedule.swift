// SPDX-License-Identifier: Apache-2.0

import Primitives

/// One fault of a world's list.
struct PlannedFault: Sendable, Equatable {
    /// Its place in the list.
    let number: Int
    /// In microseconds since the faults began.
    let timeUS: UInt64
    let kind: FaultClass
    /// What it strikes and for how long is drawn from this alone, so that it stays the same fault
    /// when others are left out.
    let seed: UInt64
}

/// All faults of a world, in order of time.
///
/// The list depends on the seed and not on which classes are on: each place has a fault for every
/// set of classes, at the same time.
enum FaultSchedule {
    /// Longest list; a world of an hour with a fault every 200 ms on average.
    private static let limit = 20_000

    static func faults(of plan: WorldPlan, lengthUS: UInt64) -> [PlannedFault] {
        var random = SplitMix64(seed: plan.seed ^ 0xFA_017)
        var timeUS: UInt64 = 0
        var faults: [PlannedFault] = []
        for number in 0..<limit {
            timeUS += .random(in: 1...2 * plan.meanFaultGapUS, using: &random)
            let seed = random.next()
            let kind = kind(using: &random)
            guard timeUS < lengthUS else { break }
            guard plan.has(kind), isKept(number, plan) else { continue }
            faults.append(PlannedFault(number: number, timeUS: timeUS, kind: kind, seed: seed))
        }
        return faults
    }

    private static func isKept(_ number: Int, _ plan: WorldPlan) -> Bool {
        plan.keptFaults.map { $0.contains(number) } ?? true
    }

    private static let bag = FaultClass.allCases.flatMap { kind in
        Array(repeating: kind, count: kind.weight)
    }

    private static func kind(using random: inout SplitMix64) -> FaultClass {
        bag.randomElement(using: &random) ?? .powerLoss
    }
}
