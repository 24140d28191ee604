// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

extension ProcessTests {
    /// `tarn dev`, from its one document to the last file it leaves: none.
    @Suite struct DevTests {
        @Test func theWorkersAreOneDocumentAndNothingIsLeft() async throws {
            let scratch = try ScratchDirectory()
            let home = "\(scratch.path)/tmp"
            try FileManager.default.createDirectory(
                atPath: home,
                withIntermediateDirectories: true
            )
            let output = "\(scratch.path)/output"
            let process = try ChildProcess(
                TarnBinary.path,
                [
                    "dev", "--workers", "4", "--base-port", "\(try ServerPort.lasting())", "-o",
                    "json",
                ],
                environment: ["TMPDIR": home],
                logPath: "\(scratch.path)/errors",
                outputPath: output
            )
            try await waitUntil("the workers run\n\(process.output)", within: .seconds(60)) {
                FileManager.default.contents(atPath: output)?.last == 0x0A
            }
            let bytes = FileManager.default.contents(atPath: output) ?? Data()
            let rows = try JSONSerialization.jsonObject(with: bytes) as? [[String: String]]
            #expect(rows?.map { $0["name"] } == ["w1", "w2", "w3", "w4"])
            for row in rows ?? [] {
                let log = try #require(row["log"])
                #expect(log.hasPrefix(home) && FileManager.default.fileExists(atPath: log))
                let address = try #require(row["http"])
                let run = try await TarnBinary.run(
                    ["worker", "list", "--addr", address],
                    in: "\(scratch.path)"
                )
                #expect(run.status == 0, "\(run.summary)")
                let put = try await TarnBinary.run(
                    [
                        "credential", "put", "lake-key", "--addr", address, "--from-env",
                        "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=s",
                    ],
                    in: "\(scratch.path)"
                )
                #expect(put.status == 0, "there is a key to seal with: \(put.summary)")
            }
            // One that is taken out ends; the cluster goes on without it.
            for words in [["drain", "w4"], ["remove", "w4"]] {
                let run = try await TarnBinary.run(
                    ["worker"] + words + ["--yes", "--addr", try #require(rows?.first?["http"])],
                    in: "\(scratch.path)"
                )
                #expect(run.status == 0, "\(run.summary)")
            }
            try await waitUntil("w4 has ended\n\(process.output)") {
                process.output.contains("w4 was taken out of the cluster")
            }
            process.send(SIGINT)
            #expect(try await process.waitForExit() == 0, "\(process.output)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: home).isEmpty)
        }

        /// Goal: a cluster in a directory of its own goes on where it was, without whoever left it.
        @Test func aWorkerThatWasTakenOutIsNotWaitedFor() async throws {
            let scratch = try ScratchDirectory()
            let port = "\(try ServerPort.lasting())"
            for start in 1...2 {
                let output = "\(scratch.path)/output-\(start)"
                let process = try ChildProcess(
                    TarnBinary.path,
                    [
                        "dev", "--workers", "4", "--base-port", port, "-o", "json", "--dir",
                        "\(scratch.path)/cluster",
                    ],
                    environment: [:],
                    logPath: "\(scratch.path)/errors-\(start)",
                    outputPath: output
                )
                try await waitUntil("start \(start)\n\(process.output)", within: .seconds(60)) {
                    FileManager.default.contents(atPath: output)?.last == 0x0A
                }
                let bytes = FileManager.default.contents(atPath: output) ?? Data()
                let rows = try JSONSerialization.jsonObject(with: bytes) as? [[String: String]]
                let address = try #require(rows?.first?["http"])
                for words in start == 1 ? [["drain", "w4"], ["remove", "w4"]] : [] {
                    let run = try await TarnBinary.run(
                        ["worker"] + words + ["--yes", "--addr", address],
                        in: "\(scratch.path)"
                    )
                    #expect(run.status == 0, "\(run.summary)")
                }
                try await waitUntil("w4 has ended\n\(process.output)") {
                    process.output.contains("w4 was taken out of the cluster")
                }
                process.send(SIGINT)
                #expect(try await process.waitForExit() == 0, "\(process.output)")
            }
        }
    }
}
