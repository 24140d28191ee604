// SPDX-License-Identifier: Apache-2.0
import Foundation
import SystemPackage
import TestKit

/// What a verb left behind.
struct LabRun {
    let status: Int32
    let output: String
    let errors: String

    /// For the message of an expectation that fails.
    var summary: String { "exit \(status)\n\(output)\n\(errors)" }
}

/// A lab in a scratch directory, with the `tarn` of this build; gone at the latest with this process.
final class Lab: Sendable {
    static let repository = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path
    static let program = "\(repository)/Cluster/lab"

    let scratch: String
    private let holder: ScratchDirectory

    init() throws {
        holder = try ScratchDirectory()
        scratch = holder.path.string
    }

    /// Runs `body` with a lab, and `down` after it, whatever became of it.
    static func with(_ flags: [String], _ body: (Lab) async throws -> Void) async throws {
        let lab = try Lab()
        do {
            try await lab.done(["up"] + flags)
            try await body(lab)
        } catch {
            _ = try? await lab.run(["down"])
            throw error
        }
        try await lab.done(["down"])
    }

    var state: String { "\(scratch)/lab" }
    var environment: [String: String] {
        [
            "TARN_LAB_STATE": state, "TARN_LAB_BINARY": TarnBinary.path,
            "TARN_LAB_WHILE": "\(ProcessInfo.processInfo.processIdentifier)",
        ]
    }

    /// Runs a verb to its end.
    func run(_ words: [String], within limit: Duration = .seconds(120)) async throws -> LabRun {
        let name = "\(scratch)/run-\(UUID().uuidString.prefix(8))"
        let process = try start(words, log: name)
        let status = try await process.waitForExit(within: limit)
        return LabRun(status: status, output: Self.text("\(name).out"), errors: process.output)
    }

    /// Starts a verb; what it prints goes to `log.out` and `log.err`.
    func start(_ words: [String], log: String) throws -> ChildProcess {
        try ChildProcess(
            Self.program,
            words,
            environment: environment,
            logPath: "\(log).err",
            outputPath: "\(log).out",
            tie: .toThisProcess
        )
    }

    /// As ``run(_:within:)``, for verbs that a test needs to succeed.
    @discardableResult
    func done(_ words: [String]) async throws -> String {
        let run = try await run(words)
        guard run.status == 0 else {
            throw TestKitError.failed("lab \(words): \(run.summary)", output: logEnds)
        }
        return run.output
    }

    /// `tarn` against one worker, over its management link.
    func tarn(
        _ words: [String],
        at worker: String,
        within limit: Duration = .seconds(90)
    ) async throws -> TarnRun {
        let address = try await status().worker(worker).http
        return try await TarnBinary.run(["--addr", address] + words, in: scratch, within: limit)
    }

    /// As ``tarn(_:at:within:)``, for verbs that a test needs to succeed.
    @discardableResult
    func tarnDone(_ words: [String], at worker: String) async throws -> String {
        let run = try await tarn(words, at: worker)
        guard run.status == 0 else {
            throw TestKitError.failed("tarn \(words) at \(worker): \(run.summary)", output: logEnds)
        }
        return run.output
    }

    func status() async throws -> LabStatus {
        let run = try await run(["status", "-o", "json"])
        return try JSONDecoder().decode(LabStatus.self, from: Data(run.output.utf8))
    }

    /// The ends of all logs, for failure messages.
    var logEnds: String {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: state)) ?? []
        return names.filter { $0.hasSuffix("/log") || $0.hasSuffix(".log") }.sorted().map { name in
            let lines = Self.text("\(state)/\(name)").split(separator: "\n")
                .filter { !$0.contains("HTTP request answered") }
            return "\(name):\n" + lines.suffix(15).joined(separator: "\n")
        }
        .joined(separator: "\n")
    }

    static func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}
