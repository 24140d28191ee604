// SPDX-License-Identifier: Apache-2.0

import Foundation
import ScenarioKit
import Testing

/// Goal: each named situation ends as its script says; the scripts are in `Scenarios`.
@Suite struct ScenarioTests {
    @Test(arguments: Scripts.all)
    func scenario(_ script: Scripts.Script) {
        do {
            try script.scenario.run()
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test func thereAreEnoughAndEachSaysWhatItIsAbout() {
        #expect(Scripts.all.count >= 60)
        for script in Scripts.all {
            #expect(!script.scenario.purpose.isEmpty, "\(script.scenario.name)")
            let assertions = script.scenario.statements.count { $0.words.first == "expect" }
            #expect(assertions > 0, "\(script.scenario.name) asserts nothing")
        }
    }

    @Test func thePageListsThemAll() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(
            contentsOf: root.appending(path: "Docs/scenarios.md"),
            encoding: .utf8
        )
        for script in Scripts.all {
            let row = "| `\(script.scenario.name)` | \(script.scenario.purpose) |"
            #expect(page.contains(row), "Docs/scenarios.md has no line \(row)")
        }
    }
}

/// The scripts beside the tests.
enum Scripts {
    struct Script: Sendable, CustomTestStringConvertible {
        let scenario: Scenario

        var testDescription: String { scenario.name }
    }

    static let all: [Script] = {
        let folder = Bundle.module.bundleURL.appending(path: "Scenarios")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".txt") }.sorted().compactMap { name in
            let file = folder.appending(path: name)
            return (try? String(contentsOf: file, encoding: .utf8)).map {
                Script(scenario: Scenario(name: String(name.dropLast(4)), text: $0))
            }
        }
    }()
}
