// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import ScenarioKit

/// `tarn-scenarios FILE…`: the same runs as in the tests, without a test bundle around them.
@main struct ScenariosCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tarn-scenarios",
        abstract: "Run scenario scripts against the consensus core.",
        discussion: """
            Prints one line for each scenario: 'ok NAME', or 'FAILED' and where the scenario and the \
            core disagree. The name is printed before the run, so that a scenario that ends the \
            process is known as well.

            EXIT STATUS:
              0   every scenario holds
              1   one does not
            """
    )

    @Argument(help: "Scenario files (Tests/ScenarioTests/Scenarios/*.txt).")
    var files: [String]

    func run() throws {
        var failureCount = 0
        for file in files.sorted() {
            let url = URL(filePath: file)
            let scenario = Scenario(
                name: url.deletingPathExtension().lastPathComponent,
                text: try String(contentsOf: url, encoding: .utf8)
            )
            print("run \(scenario.name)")
            fflush(nil)
            do {
                try scenario.run()
                print("ok \(scenario.name)")
            } catch {
                failureCount += 1
                print("FAILED \(error)")
            }
        }
        if failureCount > 0 { throw ExitCode(1) }
    }
}
