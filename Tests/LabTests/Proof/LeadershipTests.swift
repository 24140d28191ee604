// SPDX-License-Identifier: Apache-2.0
import APIModel
import TestKit
import Testing

extension LabTests {
    /// Goal: a cluster that spans regions comes to be led from where a quorum is nearest, by what its
    /// voters measure, and says so.
    @Suite(
        .enabled(if: LabRig.canBuild && LabRig.isPatient, "minutes, as root; dev/regions runs it")
    )
    struct LeadershipTests {
        @Test func itIsLedFromWhereAQuorumIsNearest() async throws {
            // Two votes each in ap and eu, one in us: from eu the third is 60 ms away, from ap 120.
            let flags = [
                "--regions", "ap,us,eu", "--workers", "2", "--rtt",
                "ap-us=140ms,ap-eu=120ms,us-eu=60ms", "--jitter", "2ms",
            ]
            try await Lab.with(flags) { lab in
                try await lab.tarnDone(
                    [
                        "cluster", "init", "--voters", "5", "--survive", "region", "--timing",
                        "wan", "--timeout", "60s",
                    ],
                    at: "ap1"
                )
                let workers = try await LabWorkers(lab)
                let first = try await workers.settledLeader()
                #expect(first.hasPrefix("ap"), "of equals the first by name: \(first)")
                let term = try await workers.highestTerm()
                try await waitUntil("leadership in eu\n\(lab.logEnds)", within: .seconds(150)) {
                    try await workers.leader()?.hasPrefix("eu") == true
                }
                let leader = try await workers.settledLeader()
                #expect(leader.hasPrefix("eu"))
                #expect(try await workers.highestTerm() == term + 1, "handed over, not fought for")
                var told = ""
                try await waitUntil("why it is led from there: \(told)") {
                    told = try await lab.tarnDone(["cluster", "status"], at: "us1")
                    return told.contains("led: from eu; to a quorum it is eu ")
                }
            }
        }
    }
}
