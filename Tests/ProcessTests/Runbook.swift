// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit

/// The commands of one page of `Docs/operations`, run as they stand there.
struct Runbook {
    /// Commands of the page that were not run yet.
    private(set) var left: [String]
    /// What stands on the page, and what it is here.
    private let places: [String: String]

    init(_ page: String, places: [String: String] = [:]) throws {
        let repository = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../.."
        )
        let text = try String(
            contentsOf: repository.appending(path: "Docs/operations/\(page)"),
            encoding: .utf8
        )
        left = Self.commands(of: text)
        self.places = places
    }

    /// Lines that begin with `tarn`, in blocks of shell, each once.
    private static func commands(of text: String) -> [String] {
        var commands: [String] = []
        var isShell = false
        for line in text.split(separator: "\n") {
            let words = line.drop { " 0123456789.".contains($0) }
            if words.hasPrefix("```") {
                isShell = words.hasPrefix("```sh")
            } else if isShell, words.hasPrefix("tarn "), !commands.contains(String(words)) {
                commands.append(String(words))
            }
        }
        return commands
    }

    /// Runs a command that must stand on the page; `--yes` in `adding` answers what a terminal would ask.
    mutating func run(
        _ command: String,
        adding flags: [String] = [],
        on cluster: TarnCluster,
        at worker: TarnWorker? = nil
    ) async throws -> TarnRun {
        guard command.hasPrefix("tarn ") else {
            throw TestKitError.failed("no command: \(command)", output: "")
        }
        left.removeAll { $0 == command }
        let words = command.split(separator: " ").dropFirst().map(String.init)
        return try await cluster.tarn(words.map { places[$0] ?? $0 } + flags, at: worker)
    }
}
