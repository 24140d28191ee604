// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A Dockerfile as instructions, with continued lines joined and comments left out.
struct Dockerfile {
    struct Instruction {
        let name: String
        let arguments: String

        /// The words of the exec form `["a", "b"]`, or of the shell form.
        var words: [String] {
            let list = arguments[(arguments.firstIndex(of: "[") ?? arguments.startIndex)...]
            let decoded = try? JSONDecoder().decode([String].self, from: Data(list.utf8))
            return decoded ?? arguments.split(separator: " ").map(String.init)
        }
    }

    let instructions: [Instruction]

    /// Those of the last stage, which is what runs.
    var final: [Instruction] {
        Array(instructions[(instructions.lastIndex { $0.name == "FROM" } ?? 0)...])
    }

    init(_ text: String) {
        var instructions: [Instruction] = []
        var pending = ""
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let line = line.trimmingCharacters(in: .whitespaces)
            guard !line.hasSuffix("\\") else {
                pending += line.dropLast()
                continue
            }
            let parts = (pending + line).split(separator: " ", maxSplits: 1)
            pending = ""
            guard let name = parts.first else { continue }
            let arguments = parts.dropFirst().first.map { String($0) } ?? ""
            instructions.append(
                Instruction(
                    name: String(name),
                    arguments: arguments.trimmingCharacters(in: .whitespaces)
                )
            )
        }
        self.instructions = instructions
    }

    /// What `ENV` sets in the last stage.
    var environment: [String: String] {
        var found: [String: String] = [:]
        for word in final.filter({ $0.name == "ENV" }).flatMap(\.words) {
            let pair = word.split(separator: "=", maxSplits: 1).map(String.init)
            if pair.count == 2 { found[pair[0]] = pair[1] }
        }
        return found
    }

    /// The words of the last instruction of this name in the last stage.
    func last(_ name: String) -> [String] { final.last { $0.name == name }?.words ?? [] }
}
