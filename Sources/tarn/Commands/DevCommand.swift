// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Primitives
import UnixSignals

struct DevCommand: AsyncParsableCommand, FormattedCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev",
        abstract: "Run a whole cluster on this machine, to try things out.",
        discussion: """
            Worker n listens on 127.0.0.1, ports BASE + 10 (n − 1) and the three after it. Ctrl-C \
            ends all of it. Without '--dir' everything it stored is then removed; after a failure the \
            logs are kept.

            EXAMPLES:
              tarn dev
              tarn dev --workers 5 --base-port 9400 --dir /tmp/my-lake

            EXIT STATUS:
              0   ended by Ctrl-C or SIGTERM
              1   a worker did not start, or ended by itself
              64  the command line is wrong
            """
    )

    @Option(help: ArgumentHelp("How many workers.", valueName: "count"))
    var workers = 3

    @Option(help: ArgumentHelp("HTTP port of the first worker.", valueName: "port"))
    var basePort = 7400

    @Option(
        help: ArgumentHelp("Keep everything here, and go on from it next time.", valueName: "dir")
    )
    var dir: String?

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    var format: OutputFormat { output.output }

    func validate() throws {
        guard (1...9).contains(workers) else {
            throw ValidationError("'--workers' must be 1 to 9, got \(workers).")
        }
        guard (1024...65_000).contains(basePort) else {
            throw ValidationError("'--base-port' must be 1024 to 65000, got \(basePort).")
        }
    }

    func run() async throws {
        // From here on the signals are ours, so that nothing is left running in a race with them.
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
        let plan = try DevPlan(workers: workers, basePort: basePort, directory: dir)
        let cluster = DevCluster(plan: plan, timeout: connection.timeout)
        let failure = await withTaskGroup(of: CommandFailure?.self) { group in
            group.addTask {
                for await _ in signals { return nil }
                return nil
            }
            group.addTask {
                do throws(CommandFailure) {
                    try await cluster.start()
                    try plan.announce(format)
                    return await cluster.firstDeath()
                } catch {
                    return error
                }
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        if failure == nil, !connection.quiet { Terminal.writeError("ending the workers\n") }
        await cluster.stop()
        plan.cleanUp(keeping: failure == nil ? .nothing : .logs)
        guard let failure else { return }
        if format == .table { Terminal.writeError("the logs are kept below \(plan.directory)\n") }
        throw failure
    }
}
