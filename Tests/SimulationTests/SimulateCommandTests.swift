// SPDX-License-Identifier: Apache-2.0

import Foundation
import SystemPackage
import TestKit
import Testing

/// The program `tarn-simulate` of the build that this test belongs to.
@Suite struct SimulateCommandTests {
    private static let path = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "tarn-simulate").path

    private static func run(
        _ words: [String],
        environment: [String: String] = [:]
    ) async throws -> (status: Int32, output: String) {
        let scratch = try ScratchDirectory()
        let process = try ChildProcess(
            path,
            words,
            environment: environment,
            logPath: scratch.path("log").string,
            tie: .toThisProcess
        )
        let status = try await process.waitForExit(within: .seconds(120))
        return (status, process.output)
    }

    /// Goal: two processes, whose hash seeds differ, tell the same history.
    @Test func twoProcessesGiveTheSameDigest() async throws {
        let words = ["--worlds", "2", "--first", "7", "--minutes", "2", "--jobs", "1"]
        let random = try await Self.run(words)
        let fixed = try await Self.run(words, environment: ["SWIFT_DETERMINISTIC_HASHING": "1"])

        let digest = try #require(random.output.split(separator: " ").last)
        #expect(random.status == 0, "\(random.output)")
        #expect(digest.count == 17, "16 digits and the line's end: \(random.output)")
        #expect(fixed.output.split(separator: " ").last == digest)
    }

    @Test func aTraceEndsAtTheTimeGiven() async throws {
        let run = try await Self.run(["--seed", "3", "--minutes", "2", "--until", "8", "--trace"])

        #expect(run.status == 0)
        #expect(run.output.contains("role(RaftCore.RaftRole.leader"), "\(run.output.suffix(2_000))")
        #expect(run.output.contains("seed 3: all invariants held, digest "))
    }

    // swift-format-ignore
    static let wrong: [[String]] = [
        [], ["--seed", "1", "--worlds", "2"], ["--seed", "x"], ["--worlds", "0"],
        ["--seed", "1", "--minutes", "1"], ["--seed", "1", "--voters", "8"],
        ["--seed", "1", "--without", "earthquakes"], ["--seed", "1", "--faults", "-3"],
        ["--worlds", "2", "--trace"], ["--measure", "--learners", "21"],
        ["--seed", "1", "--learners", "5"],
    ]

    @Test(arguments: wrong) func aWrongCommandLineEndsWith64(words: [String]) async throws {
        #expect(try await Self.run(words).status == 64, "\(words)")
    }
}
