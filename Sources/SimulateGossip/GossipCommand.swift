// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import GossipWorlds

/// `tarn-simulate-gossip`: how fast gossip learns of deaths, and what it costs; see `Docs/gossip.md`.
@main
struct GossipCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tarn-simulate-gossip",
        abstract: "Measure gossip in simulated worlds, and check every invariant on the way.",
        discussion: """
            Prints a row for each number of members. The same seed gives the same row on every \
            machine.

            EXAMPLES
              tarn-simulate-gossip
              tarn-simulate-gossip --members 5000
              tarn-simulate-gossip --members 1000 --idle-hours 10

            EXIT STATUS
              0  every invariant held
              1  one did not
              64 the command line is wrong
            """
    )

    @Option(help: "Members of the worlds, a row each.")
    var members: [Int] = [10, 100, 1_000]
    @Option(help: "The first seed.")
    var seed: UInt64 = 1
    @Option(help: "Only let so many simulated hours pass in which nothing happens.")
    var idleHours: UInt64?

    func validate() throws {
        guard members.allSatisfy({ (4...10_000).contains($0) }) else {
            throw ValidationError("--members: 4 to 10000")
        }
        guard idleHours ?? 1 > 0 else { throw ValidationError("--idle-hours starts at 1") }
    }

    func run() throws {
        print(idleHours == nil ? MeasuredRow.head : IdleRow.head)
        for count in members {
            if let idleHours {
                print(try IdleRow(memberCount: count, seed: seed, hours: idleHours).line)
            } else {
                print(try MeasuredRow(memberCount: count, seed: seed).line)
            }
        }
    }
}

extension GossipWorld {
    /// Ends the command where an invariant did not hold.
    func demandSoundness() throws {
        guard let violation else { return }
        print("seed \(plan.seed), \(plan.memberCount) members: \(violation)")
        throw ExitCode.failure
    }
}
