// SPDX-License-Identifier: Apache-2.0
import Primitives
import TestKit
import Testing

extension LabTests {
    /// What a watch promises, to twenty watchers of five voters whose links break, and who are killed and
    /// stopped: everybody hears the same story, in order and whole.
    @Suite(.enabled(if: LabRig.canBuild, LabRig.needs))
    struct WatchFaultTests {
        /// What befalls one worker, or a part of them.
        private enum Fault: CaseIterable {
            case isolated, deaf, mute, halves, loss, killed, stopped
        }

        /// How often each befalls them.
        private static let roundCount = LabRig.isPatient ? 4 : 1

        @Test func watchersHearTheSameStoryWhateverBreaks() async throws {
            let seed = UInt64.random(in: 0...UInt64.max)
            print("seed \(seed)")
            var random = SplitMix64(seed: seed)
            let flags = ["--regions", "lan", "--workers", "5", "--rtt", "lan-lan=1ms"]
            try await Lab.with(flags) { lab in
                try await lab.tarnDone(
                    ["cluster", "init", "--voters", "5", "--timeout", "60s"],
                    at: "lan1"
                )
                let workers = try await LabWorkers(lab)
                let trial = WatchTrial(workers.clients, seed: seed)
                let outcome = try await trial.run {
                    for _ in 0..<Self.roundCount {
                        for fault in Fault.allCases.shuffled(using: &random) {
                            let names = workers.names.shuffled(using: &random)
                            try await Self.strike(fault, names, lab)
                            try await trial.changes(20, "\(fault) \(names[0])\n\(lab.logEnds)")
                            try await Self.mend(fault, names, lab)
                            try await trial.changes(5, "behind \(fault) \(names[0])")
                        }
                    }
                    try await workers.untilReady()
                } teller: {
                    let leader = try await workers.settledLeader()
                    return try #require(workers[leader])
                }
                print("\(trial.watcherCount) watchers: \(outcome)")
                #expect(outcome.complaints == [], "seed \(seed)\n\(lab.logEnds)")
                let least = UInt64(25 * Fault.allCases.count * Self.roundCount)
                #expect(outcome.revisionCount >= least)
                #expect(outcome.resumedCount > 0, "nobody's watch ever ended")
            }
        }

        /// `names[0]` is cut off, killed or stopped; of halves the first two are the smaller.
        private static func strike(_ fault: Fault, _ names: [String], _ lab: Lab) async throws {
            let one = names[0]
            let rest = names.dropFirst().joined(separator: ",")
            switch fault {
            case .isolated: try await lab.done(["partition", one, rest])
            case .deaf: try await lab.done(["one-way", rest, one])
            case .mute: try await lab.done(["one-way", one, rest])
            case .halves:
                let sides = [names.prefix(2), names.suffix(3)].map { $0.joined(separator: ",") }
                try await lab.done(["partition"] + sides)
            case .loss:
                let all = names.joined(separator: ",")
                try await lab.done(["shape", all, all, "--loss", "30%"])
            case .killed: try await lab.done(["kill", one])
            case .stopped: try await lab.done(["pause", one])
            }
        }

        private static func mend(_ fault: Fault, _ names: [String], _ lab: Lab) async throws {
            switch fault {
            case .isolated, .deaf, .mute, .halves, .loss: try await lab.done(["heal"])
            case .killed: try await lab.done(["start", names[0]])
            case .stopped: try await lab.done(["resume", names[0]])
            }
        }
    }
}
