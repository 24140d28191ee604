// SPDX-License-Identifier: Apache-2.0

import APIModel
package import ArgumentParser
import Foundation

/// From words to an exit status: parse, run, report.
package enum TarnCommandLine {
    /// Parses a command line without its first word.
    ///
    /// - Throws: ``CommandFailure/usage(_:)`` for an unknown noun or verb, and the parser's errors,
    ///   among them the request for help.
    package static func parse(_ words: [String]) throws -> any ParsableCommand {
        try Tarn.parseAsRoot(try CommandInput.prepared(words))
    }

    /// Help texts by command, for the tests that hold every example against the parser.
    package static func helpTexts() -> [(command: String, text: String)] {
        commands().map { ($0.path, $0.type.helpMessage(columns: 100)) }
    }

    static func main() async {
        let words = Array(CommandLine.arguments.dropFirst())
        exit(await run(words))
    }

    private static func run(_ words: [String]) async -> Int32 {
        var isJSON = asksForJSON(words)
        do {
            var command = try parse(words)
            isJSON = (command as? any FormattedCommand)?.format == .json
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            return 0
        } catch {
            return report(error, asJSON: isJSON)
        }
    }

    // MARK: - Reports

    private static func report(_ error: any Error, asJSON: Bool) -> Int32 {
        guard let failure = error as? CommandFailure else {
            return report(parserError: error, asJSON: asJSON)
        }
        let text = asJSON ? failure.json : failure.text
        if let text { Terminal.writeError(text + "\n") }
        return failure.exitStatus
    }

    /// Help and version go to standard output with status 0, everything else to standard error.
    private static func report(parserError error: any Error, asJSON: Bool) -> Int32 {
        let status = Tarn.exitCode(for: error).rawValue
        let message = Tarn.fullMessage(for: error)
        if status == 0 {
            let isWritten: Void? = try? Terminal.write(message + "\n")
            return isWritten == nil ? 1 : 0
        }
        if asJSON, status == ExitCode.validationFailure.rawValue {
            return report(CommandFailure.usage(Tarn.message(for: error)), asJSON: true)
        }
        if !message.isEmpty {
            Terminal.writeError(message + "\n")
        }
        return status
    }

    /// Whether words that cannot be parsed ask for JSON: the last `--output`, `-o`, or bundle of
    /// short flags that ends with it, counts.
    private static func asksForJSON(_ words: [String]) -> Bool {
        let given = words.indices.compactMap { index -> OutputFormat? in
            let parts = words[index].split(separator: "=", maxSplits: 1).map(String.init)
            guard let flag = parts.first else { return nil }
            let isShort = flag.hasPrefix("-") && !flag.hasPrefix("--") && flag.hasSuffix("o")
            guard isShort || flag == "--output" else { return nil }
            let value = parts.count == 2 ? parts[1] : words[(index + 1)...].first
            return value.flatMap(OutputFormat.init(rawValue:))
        }
        return given.last == .json
    }

    // MARK: - All commands

    private static func commands() -> [(path: String, type: any ParsableCommand.Type)] {
        func below(
            _ type: any ParsableCommand.Type,
            _ prefix: [String]
        ) -> [(path: String, type: any ParsableCommand.Type)] {
            let path = prefix + [type.configuration.commandName ?? ""]
            return [(path.joined(separator: " "), type)]
                + type.configuration.subcommands.flatMap { below($0, path) }
        }
        return below(Tarn.self, [])
    }
}
