// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

extension LabTests {
    /// Killing, starting, pausing and resuming workers of a lab.
    @Suite(.enabled(if: LabRig.canBuild, LabRig.needs))
    struct WorkerTests {
        @Test func workersAreKilledStartedPausedAndResumed() async throws {
            let flags = ["--regions", "ap,us", "--workers", "1", "--rtt", "20ms"]
            try await Lab.with(flags) { lab in
                let first = try #require(try await lab.status().worker("ap1").pid)
                try await lab.done(["kill", "ap"])
                #expect(try await lab.status().worker("ap1").process == "ended")
                #expect(try await lab.status().worker("us1").process == "runs")
                #expect(!Leftovers.processes(of: lab).contains(first))
                let again = try await lab.run(["kill", "ap1"])
                #expect(again.status == 1 && again.errors.contains("does not run"))
                // Its network is still there, and answers for the dead.
                try await lab.done(["ping", "us1", "ap1", "--count", "1"])

                try await lab.done(["start", "ap1", "--env", "TARN_LAB_TEST=of the start"])
                let second = try #require(try await lab.status().worker("ap1").pid)
                #expect(second != first)
                #expect(Lab.text("/proc/\(second)/environ").contains("TARN_LAB_TEST=of the start"))
                let twice = try await lab.run(["start", "ap1"])
                #expect(twice.status == 1 && twice.errors.contains("runs already"))

                try await lab.done(["pause", "us1"])
                #expect(try await lab.status().worker("us1").process == "paused")
                let http = try await lab.status().worker("us1").http
                let asking = ["exec", "us1", "curl", "-s", "-m", "1", "http://\(http)/healthz"]
                #expect(try await lab.run(asking).status == 28)  // curl's timeout
                try await lab.done(["resume", "us1"])
                #expect(try await lab.status().worker("us1").process == "runs")
                #expect(try await lab.run(asking).status == 0)
            }
        }

        /// A worker that refuses to start is the failure of `up`, told in its own words; nothing stays.
        @Test func aWorkerThatEndsIsTold() async throws {
            let lab = try Lab()
            let words = ["up", "--regions", "ap", "--workers", "1", "--", "--cache", "nonsense"]
            let run = try await lab.run(words)
            #expect(run.status == 1 && run.errors.contains("ap1 has ended"), "\(run.summary)")
            #expect(run.errors.contains("nonsense"), "\(run.summary)")
            #expect(Leftovers.of(lab).isEmpty)
        }
    }
}
