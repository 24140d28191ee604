// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What a run of the binary left behind.
package struct TarnRun: Sendable {
    package let status: Int32
    package let output: String
    package let errors: String

    /// For the message of an expectation that fails.
    package var summary: String { "exit \(status)\n\(output.prefix(4000))\n\(errors.prefix(4000))" }
}

/// The binary `tarn` of the build that this test belongs to.
package enum TarnBinary {
    /// Beside the test bundle, in debug and in release.
    package static let path = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "tarn").path

    /// Runs a verb, `words` being everything behind `tarn`, with nothing on standard input.
    ///
    /// Its output is kept in the directory `scratch`, which must exist, while it runs; a run that does
    /// not end within `limit` is killed, and an error with what it said.
    package static func run(
        _ words: [String],
        environment: [String: String] = [:],
        in scratch: String,
        within limit: Duration = .seconds(90)
    ) async throws -> TarnRun {
        let name = "\(scratch)/run-\(UUID().uuidString.prefix(8))"
        defer {
            try? FileManager.default.removeItem(atPath: "\(name).out")
            try? FileManager.default.removeItem(atPath: "\(name).err")
        }
        let process = try ChildProcess(
            path,
            words,
            environment: environment,
            logPath: "\(name).err",
            outputPath: "\(name).out",
            tie: .toThisProcess
        )
        let status: Int32
        do {
            status = try await process.waitForExit(within: limit)
        } catch {
            throw TestKitError.failed("tarn \(words) does not end", output: process.output)
        }
        return TarnRun(
            status: status,
            output: text(of: "\(name).out"),
            errors: text(of: "\(name).err")
        )
    }

    private static func text(of path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}
