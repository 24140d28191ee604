// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SimulationKit

/// `tarn-simulate`: simulated worlds from the command line.
@main
struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tarn-simulate",
        abstract: "Run simulated worlds and check every invariant after every event."
    )

    @Option(help: "How many worlds to run, one seed after the other.")
    var worlds: UInt64 = 1
    @Option(help: "The first seed.")
    var first: UInt64 = 1

    func run() throws {
        var hasFailed = false
        for seed in first..<first + worlds {
            var simulation = Simulation(seed: seed)
            let report = simulation.run()
            guard let violation = report.violation else { continue }
            print("seed \(seed): \(violation)")
            hasFailed = true
        }
        if hasFailed { throw ExitCode.failure }
    }
}
