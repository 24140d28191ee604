// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Primitives
import Settings

/// Prepares a command line for the parser, and says what the parser cannot.
///
/// Three things: `-o` means mount options after `fuse mount`; a mistyped noun or verb is answered
/// with the nearest ones; and mount(8) calls `tarn SOURCE DIR -o OPTIONS` for `/etc/fstab`.
enum CommandInput {
    /// Common options that take the next word as their value.
    private static let valued: Set<String> = [
        "--addr", "--timeout", "-o", "--output", "--ca", "--cert", "--key",
    ]
    private static let bare: Set<String> = ["-q", "--quiet", "--no-color", "--yes"]

    /// The words for the parser.
    static func prepared(_ words: [String]) throws(CommandFailure) -> [String] {
        if let mount = FstabCall.words(words) { return mount }
        let positions = commandPositions(in: words)
        guard let nounAt = positions.first else { return words }
        let typed = words[nounAt]
        if typed == "help" { return words }
        guard let noun = nouns.first(where: { $0.name == typed }) else {
            throw .usage(unknown(typed, "a noun of 'tarn'", among: nouns.map(\.name)))
        }
        let verbs = noun.type.configuration.subcommands.map(name)
        guard !verbs.isEmpty, positions.count > 1 else { return words }
        let verbAt = positions[1]
        guard verbs.contains(words[verbAt]) || words[verbAt] == "help" else {
            throw .usage(
                unknown(words[verbAt], "a verb of 'tarn \(typed)'", among: verbs),
                next: "tarn \(typed) --help"
            )
        }
        guard typed == "fuse", words[verbAt] == "mount" else { return words }
        return words[...verbAt] + words[(verbAt + 1)...].map { $0 == "-o" ? "--mount-option" : $0 }
    }

    /// Where noun and verb stand: the first two words that are no common flag nor its value.
    ///
    /// Stops at a flag that it does not know, which the parser then reports.
    private static func commandPositions(in words: [String]) -> [Int] {
        var found: [Int] = []
        var index = 0
        while index < words.count, found.count < 2 {
            let word = words[index]
            if valued.contains(word) {
                index += 2
            } else if bare.contains(word) || valued.contains(where: { word.hasPrefix($0 + "=") }) {
                index += 1
            } else if word.hasPrefix("-") {
                return found
            } else {
                found.append(index)
                index += 1
            }
        }
        return found
    }

    private static func unknown(_ typed: String, _ what: String, among names: [String]) -> String {
        let hint = NearestName.hint(for: typed, among: names)
        let known = hint.isEmpty ? "; known are \(names.joined(separator: ", "))" : hint
        return "\(SettingKey.quoted(typed)) is not \(what)\(known)"
    }

    private static let nouns: [(name: String, type: any ParsableCommand.Type)] =
        Tarn.configuration.subcommands.map { (name($0), $0) }

    /// Every command here is named in its configuration.
    private static func name(_ command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? ""
    }
}
