// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import TestKit
import Testing

extension ProcessTests {
    /// Data directories in the wrong place, twice, or empty.
    @Suite struct DirectoryFaultTests {
        private static let files = FileManager.default

        private static func stop(_ workers: TarnWorker...) async throws {
            for worker in workers {
                worker.send(SIGTERM)
                _ = try await worker.process?.waitForExit()
            }
        }

        private static func swap(_ one: String, _ other: String) throws {
            try files.moveItem(atPath: one, toPath: one + ".aside")
            try files.moveItem(atPath: other, toPath: one)
            try files.moveItem(atPath: one + ".aside", toPath: other)
        }

        @Test(arguments: ["", "/log"])
        func swappedDirectoriesAreRefusedAndNamed(_ part: String) async throws {
            let cluster = try await TarnCluster.formed()
            let stored = [try await cluster.store("/m/before")]
            try await Self.stop(cluster[2], cluster[3])
            let paths = (cluster[2].dataDirectory + part, cluster[3].dataDirectory + part)
            try Self.swap(paths.0, paths.1)
            for worker in [cluster[2], cluster[3]] {
                try worker.start()
                #expect(try await worker.process?.waitForExit() == 4, "\(worker.logEnd)")
                #expect(
                    worker.log.contains(part.isEmpty ? "belongs to worker" : "another store"),
                    "\(worker.logEnd)"
                )
            }
            try await cluster[1].until("no quorum") {
                let answer = try await cluster[1].putMount("/m/alone", "file:///tmp")
                guard ![200, 201].contains(answer.status) else {
                    throw TestKitError.failed("swapped voters counted", output: answer.text)
                }
                return answer.code == "no-quorum"
            }

            try Self.swap(paths.0, paths.1)
            for worker in [cluster[2], cluster[3]] {
                try worker.start()
                try await worker.untilReady()
            }
            try await cluster.store("/m/after")
            #expect(try await cluster[2].holds(stored))
        }

        /// Goal: a voter's disk erased while its peers are down loses nothing that was acknowledged.
        ///
        /// Method: w1 and w2 acknowledge, w3 is behind. Then w2 is erased and starts with w3 alone: an
        /// erased voter that counted would make a quorum that never heard of what was acknowledged.
        @Test func anErasedVoterMakesNoQuorumWithAStaleOne() async throws {
            let cluster = try await TarnCluster.formed()
            try await cluster.store("/m/first")
            try await Self.stop(cluster[3])
            var stored: [String] = []
            for number in 0..<5 {
                let both = [cluster[1], cluster[2]]
                stored.append(try await cluster.store("/m/acked\(number)", through: both))
            }
            cluster[1].kill()
            cluster[2].kill()
            try Self.files.removeItem(atPath: cluster[2].dataDirectory)
            try cluster[2].start()
            try cluster[3].start()
            try await cluster[3].untilAlive()
            for _ in 0..<8 {
                let answer = try await cluster[3].putMount("/m/lost", "file:///tmp")
                #expect(answer.code == "no-quorum", "\(answer.text)")
                // tested: for four seconds, so for many elections.
                try await Task.sleep(for: .milliseconds(500))
            }
            #expect(try await cluster[3].cluster().quorum == .init(have: 1, need: 2))

            try cluster[1].start()
            stored.append(
                try await cluster.store("/m/again", through: [cluster[1], cluster[3]])
            )
            for worker in [cluster[1], cluster[3]] {
                try await worker.until("all that was acknowledged") {
                    try await worker.holds(stored)
                }
            }
            #expect(try await !cluster[1].holds(["/m/lost"]))
        }

        /// A copied disk would vote twice: it is refused while the other one answers.
        @Test func aCopiedDirectoryIsRefusedWhileTheOriginalRuns() async throws {
            let cluster = try await TarnCluster.formed()
            try await cluster.store("/m/before")
            let twin = try cluster.additional("w2")
            try await Self.stop(cluster[2])
            try Self.files.copyItem(
                atPath: cluster[2].dataDirectory,
                toPath: twin.dataDirectory
            )
            try cluster[2].start()
            try await cluster[2].untilReady()
            let terms = try await cluster[1].cluster().term
            try twin.start(join: cluster.peers)
            #expect(try await twin.process?.waitForExit() == 4, "\(twin.logEnd)")
            #expect(twin.log.contains("same store"), "\(twin.logEnd)")
            try await cluster[2].untilReady(within: .seconds(5))
            try await cluster.store("/m/after")
            #expect(try await cluster[1].cluster().term == terms, "nobody was disturbed")
        }
    }
}
