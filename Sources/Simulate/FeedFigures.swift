// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SimulationKit

/// `tarn-simulate --feed`: what thousands of observers cost, and what happens when their sources die.
struct FeedFigures {
    let plan: FeedWorldPlan

    /// Runs the world and prints its figures; fails where a check did.
    func run() throws {
        let deaths = plan.deaths.map(\.sentence).joined(separator: "; ")
        print(
            """
            seed \(plan.seed): \(plan.voterCount) voters, \(plan.followerCount) workers without a vote \
            in \(plan.regionCount) regions, \(plan.commandsPerSecond) commands of \
            \(plan.commandBytes) bytes a second for \(plan.seconds) s; dead: \(deaths)
            """
        )
        var world = FeedWorld(plan)
        let report = world.run()
        print(report.figures)
        if let violation = report.violation {
            print("FAILED: \(violation)")
            throw ExitCode.failure
        }
    }
}

extension FeedWorldPlan.Death {
    fileprivate var sentence: String {
        let who =
            switch victims {
            case .relay(let region): "a relay of r\(region)"
            case .relays(let region): "all relays of r\(region)"
            case .branch(let region): "a branch of r\(region)"
            case .voter: "a voter"
            }
        return "\(who) at \(atMS / 1_000) s"
    }
}

extension FeedWorldReport {
    fileprivate var figures: String {
        let after = reached.map(\.afterUS)
        return """
            server    count  streams  bytes/s of one  of all   waiting at most  kept
            \(row("voters", voters))
            \(row("relays", relays))
            \(row("branches", branches))
            until 99 % have an event: median \(ms(50, after)), 99th percentile \(ms(99, after)), \
            at most \(ms(100, after)), of \(reached.count) events
            changeover of \(changeovers.count) of \(orphans) orphans: median \(ms(50, changeovers)), \
            99th percentile \(ms(99, changeovers)), at most \(ms(100, changeovers))
            stated age: median \(Self.percentile(50, of: ages)) ms, \
            99th percentile \(Self.percentile(99, of: ages)) ms
            streams asked of voters: \(opensAtVoters); refused by full servers: \(refusals)
            batches encoded: \(encodedCount); sent again as they were: \(sharedCount)
            \(eventCount) simulated events
            """
    }

    private func ms(_ percent: Int, _ values: [UInt64]) -> String {
        "\(Self.percentile(percent, of: values) / 1_000) ms"
    }

    private func row(_ name: String, _ load: Load) -> String {
        [
            name.padded(to: 9), "\(load.serverCount)".padded(to: 6),
            "\(load.mostStreams)".padded(to: 8), "\(load.bytesPerSecond)".padded(to: 15),
            "\(load.totalBytesPerSecond)".padded(to: 8), "\(load.mostWaitingBytes)".padded(to: 16),
            "\(load.keptBytes)",
        ].joined(separator: " ")
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
