// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SimulationKit

/// What a command line changes about the worlds that seeds give.
struct WorldShape: ParsableArguments {
    @Option(help: "Simulated minutes of each world, at least 2.")
    var minutes: UInt64 = 5
    @Option(help: "Voters, instead of as many as the seed says: 1 to 7.")
    var voters: Int?
    @Option(
        help: "Classes of faults to leave out, with commas.",
        transform: { try $0.faultClasses }
    )
    var without: [FaultClass] = []
    @Option(
        help: "Single faults to keep, by number, with commas; 'none' for none.",
        transform: { try $0.faultNumbers }
    )
    var faults: [Int]?

    func validate() throws {
        guard (2...1_440).contains(minutes) else {
            throw ValidationError("--minutes \(minutes): 2 to 1440")
        }
        guard (1...7).contains(voters ?? 1) else {
            throw ValidationError("--voters \(voters ?? 0): 1 to 7")
        }
    }

    func plan(seed: UInt64) -> WorldPlan {
        var plan = WorldPlan(seed: seed)
        plan.minutes = minutes
        plan.voterCount = voters ?? plan.voterCount
        for fault in without { plan.faults.remove(fault) }
        plan.keptFaults = faults
        return plan
    }
}

extension String {
    fileprivate var faultClasses: [FaultClass] {
        get throws {
            try split(separator: ",").map { name in
                guard let fault = FaultClass(name: String(name)) else {
                    let all = FaultClass.allCases.map(\.name).joined(separator: ", ")
                    throw ValidationError("'\(name)' is no class of faults; there are: \(all)")
                }
                return fault
            }
        }
    }

    fileprivate var faultNumbers: [Int] {
        get throws {
            if self == "none" { return [] }
            return try split(separator: ",").map { text in
                guard let number = Int(text), number >= 0 else {
                    throw ValidationError("'\(text)' is no number of a fault")
                }
                return number
            }
        }
    }
}
