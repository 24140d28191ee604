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
        do {
            var command = try parse(words)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            return 0
        } catch let failure as CommandFailure {
            report(failure, asJSON: asksForJSON(words))
            return failure.exitStatus
        } catch {
            return report(parserError: error, asJSON: asksForJSON(words))
        }
    }

    // MARK: - Reports

    private static func report(_ failure: CommandFailure, asJSON: Bool) {
        guard asJSON else {
            if let text = failure.text { Terminal.writeError(text + "\n") }
            return
        }
        guard let document = failure.document, let bytes = try? ClusterClient.encode(document)
        else {
            return
        }
        Terminal.writeError(String(decoding: bytes, as: UTF8.self) + "\n")
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
            report(.usage(Tarn.message(for: error)), asJSON: true)
        } else if !message.isEmpty {
            Terminal.writeError(message + "\n")
        }
        return status
    }

    /// Whether the words ask for JSON; looked up by hand because they may be unparsable.
    private static func asksForJSON(_ words: [String]) -> Bool {
        let last = words.indices.last { index in
            let isSeparate = ["-o", "--output"].contains(words[index]) && index + 1 < words.count
            return words[index].hasPrefix("--output=")
                || isSeparate && ["json", "table"].contains(words[index + 1])
        }
        guard let last else { return false }
        return words[last] == "--output=json" || last + 1 < words.count && words[last + 1] == "json"
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
