// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import TestKit
import Testing

extension ProcessTests {
    /// `tarn cluster promote`, `demote`, `update`, and what `status` says of them.
    @Suite struct AutopilotTests {
        @Test func votesMoveByTheCommandLine() async throws {
            let cluster = try await TarnCluster.formed()
            let fourth = try cluster.additional("w4")
            try fourth.start(join: cluster.peers)
            defer { fourth.kill() }
            try await fourth.untilReady()
            func voters() async throws -> [String] {
                try await cluster[1].cluster().voters.map(\.name).sorted()
            }

            let calm = try await cluster.done(["cluster", "status"])
            #expect(calm.contains("votes: 3 to vote, and to survive the loss of a zone"), "\(calm)")

            let promoted = try await cluster.tarn(["cluster", "promote", "w4"], at: fourth)
            #expect(promoted.status == 0, "\(promoted.summary)\n\(cluster.logEnds)")
            #expect(promoted.output.contains("w4 votes"))
            #expect(promoted.errors.contains("w4 gets the vote of "), "\(promoted.errors)")
            try await cluster[1].until("w4 votes") { try await voters().contains("w4") }
            let now = try await voters()
            let left = try #require(["w1", "w2", "w3"].first { !now.contains($0) })

            let unasked = try await cluster.tarn(["cluster", "demote", "w4"])
            #expect(unasked.status == 64, "\(unasked.summary)")
            #expect(unasked.errors.contains("w4 gives its vote to \(left)"), "\(unasked.errors)")
            #expect(try await voters().contains("w4"), "nothing is done without an answer")
            let demoted = try await cluster.tarn(["cluster", "demote", "w4", "--yes", "-o", "json"])
            #expect(demoted.status == 0, "\(demoted.summary)")
            let answer = try JSONDecoder().decode(
                VoteAnswer.self,
                from: Data(demoted.output.utf8)
            )
            #expect(answer.accepted && answer.name == "w4")
            try await cluster[1].until("w4 has no vote") {
                try await voters() == ["w1", "w2", "w3"]
            }

            let unsafe = try await cluster.tarn(["cluster", "demote", "w1", "--yes"])
            #expect(unsafe.status == 4, "\(unsafe.summary)")
            #expect(unsafe.errors.contains("the 2 left would tolerate the loss of 0"))
            #expect(try await cluster.tarn(["cluster", "demote", "w9", "--yes"]).status == 3)
            #expect(try await cluster.tarn(["cluster", "promote", "w9"]).status == 3)

            let update = try await cluster.done(["cluster", "update", "--survive", "region"])
            #expect(update.contains("5 workers are to vote"), "\(update)")
            try await cluster[1].until("the goal is shown") {
                let autopilot = try await cluster[1].cluster().autopilot
                return autopilot?.survive == "region" && autopilot?.voters == 5
                    && autopilot?.action == "grow" && autopilot?.demoted == ["w4"]
                    && autopilot?.waitsFor?.hasPrefix("2 workers that could vote") == true
            }
            let status = try await cluster.done(["cluster", "status"])
            let lines = [
                "next: grow: there are 3 votes, 5 are wanted", "weakness: ", "demoted: w4",
            ]
            for line in lines {
                #expect(status.contains(line), "\(line) in\n\(status)")
            }
        }
    }
}
