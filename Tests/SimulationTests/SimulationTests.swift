// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primitives
import SimulationKit
import Testing

@Suite struct SimulationTests {
    /// Which worlds to run: `TARN_SIM_FIRST_SEED` (default 1), `TARN_SIM_SEEDS` of them.
    static let seeds: Range<UInt64> = {
        let environment = ProcessInfo.processInfo.environment
        let first = environment["TARN_SIM_FIRST_SEED"].flatMap(UInt64.init) ?? 1
        let count = environment["TARN_SIM_SEEDS"].flatMap(UInt64.init) ?? defaultCount
        return first..<first + count
    }()

    #if DEBUG
    private static let defaultCount: UInt64 = 24  // A debug build is about ten times as slow.
    #else
    private static let defaultCount: UInt64 = 200
    #endif

    /// Goal: every invariant holds after every event, and a healed world comes to rest.
    ///
    /// Method: the seed is the argument, so a failure names its own replay:
    /// `TARN_SIM_FIRST_SEED=<seed> TARN_SIM_SEEDS=1 swift test --filter SimulationTests`.
    @Test(arguments: seeds)
    func everyInvariantHolds(seed: UInt64) {
        var simulation = Simulation(seed: seed)
        let report = simulation.run()

        #expect(
            report.violation == nil,
            "seed \(seed): \(report.violation ?? "")\n\(report.journal.joined(separator: "\n"))"
        )
        #expect(report.tally.elections > 0, "seed \(seed) tested nothing: nobody ever led")
        #expect(report.tally.acknowledgedWrites > 0, "seed \(seed) tested nothing: no write")
    }
}
