// SPDX-License-Identifier: Apache-2.0

/// A named situation: what happens to a few voters, and what must be true then.
///
/// The format is described in `Docs/scenarios.md`. A line is blank, a comment (`#`), or a statement of
/// words; the first comment says what the scenario is about.
package struct Scenario: Sendable {
    package struct Statement: Sendable {
        /// Counts from 1.
        package let line: Int
        package let words: [String]
    }

    /// The file's name without its ending.
    package let name: String
    /// The first comment, in one line.
    package let purpose: String
    package let statements: [Statement]

    package init(name: String, text: String) {
        self.name = name
        var purpose: [Substring] = []
        var statements: [Statement] = []
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            if line.hasPrefix("#") {
                if statements.isEmpty { purpose.append(line.drop { "# ".contains($0) }) }
                continue
            }
            let words = line.prefix { $0 != "#" }.split(separator: " ").map(String.init)
            if !words.isEmpty { statements.append(Statement(line: index + 1, words: words)) }
        }
        self.purpose = purpose.joined(separator: " ")
        self.statements = statements
    }

    /// Runs it from the first statement to the last.
    ///
    /// - Throws: What was not as the scenario says, or what it asks for that there is not.
    package func run() throws(ScenarioFailure) {
        guard let first = statements.first else {
            throw ScenarioFailure(self, line: 1, "a statement", "none")
        }
        do throws(StatementError) {
            var stage = try Stage(first.words)
            for statement in statements.dropFirst() {
                do throws(StatementError) {
                    try stage.perform(statement.words)
                } catch {
                    throw error.at(statement.line)
                }
            }
        } catch {
            throw ScenarioFailure(self, line: error.line ?? first.line, error.expected, error.found)
        }
    }
}

/// Where a scenario and the product disagree.
package struct ScenarioFailure: Error, CustomStringConvertible {
    package let scenario: String
    package let line: Int
    package let expected: String
    package let found: String

    init(_ scenario: Scenario, line: Int, _ expected: String, _ found: String) {
        self.scenario = scenario.name
        self.line = line
        self.expected = expected
        self.found = found
    }

    package var description: String {
        "\(scenario).txt:\(line): expected \(expected); found \(found)"
    }
}

/// Why a statement cannot be carried out, or does not hold.
struct StatementError: Error {
    let expected: String
    let found: String
    private(set) var line: Int?

    init(expected: String, found: String) {
        self.expected = expected
        self.found = found
    }

    func at(_ line: Int) -> Self {
        var error = self
        error.line = line
        return error
    }
}
