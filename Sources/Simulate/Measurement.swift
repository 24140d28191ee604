// SPDX-License-Identifier: Apache-2.0

import Foundation
import SimulationKit

/// The speed of the simulator, in a world that is the same each time.
struct Measurement {
    let learnerCount: Int
    private static let minutes: UInt64 = 10
    private static let roundCount = 5

    /// Prints each round and the median, in simulated hours a CPU-minute.
    func run() {
        var speeds: [Double] = []
        for round in 1...Self.roundCount {
            var simulation = Simulation(
                plan: .measured(minutes: Self.minutes, learnerCount: learnerCount)
            )
            let start = clock()
            let report = simulation.run()
            let cpuSeconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
            if let violation = report.violation { print("FAILED: \(violation)") }
            let hours = Double(report.endUS) / 3_600e6
            speeds.append(hours / cpuSeconds * 60)
            let perSecond = Double(report.tally.acknowledgedWrites) / Double(report.endUS) * 1e6
            print(
                """
                round \(round): \(Self.minutes) simulated minutes in \(cpuSeconds.tenths) s of CPU, \
                \(report.tally.events) events, \(perSecond.tenths) writes a simulated second: \
                \(speeds[round - 1].tenths) simulated hours a CPU-minute
                """
            )
        }
        print("median \(speeds.sorted()[Self.roundCount / 2].tenths) simulated hours a CPU-minute")
    }
}
