// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

extension LabTests {
    /// What needs no root: wrong command lines, and help.
    @Suite struct CommandLineTests {
        struct Row: CustomTestStringConvertible, Sendable {
            let words: [String]
            let told: String

            var testDescription: String { words.joined(separator: " ") }

            init(_ words: String, _ told: String) {
                self.words = words.split(separator: " ").map(String.init)
                self.told = told
            }
        }

        // swift-format-ignore
        static let wrong: [Row] = [
            Row("fly",                                      "'fly'"),
            Row("up",                                       "--regions"),
            Row("up --regions ap,Us",                       "'Us' given"),
            Row("up --regions ap,ap",                       "'ap,ap' given"),
            Row("up --regions a,b,c,d,e,f,g,h,i",           "up to 8"),
            Row("up --regions ap --workers 0",              "0 given"),
            Row("up --regions ap,us --workers 21",          "1 to 20 in each of 2 regions"),
            Row("up --regions ap,us --rtt ap-us=140",       "'140' given"),
            Row("up --regions ap,us --rtt ap-us=11s",       "'11s' given"),
            Row("up --regions ap,us --rtt ap-eu=1ms",       "'ap-eu' given"),
            Row("up --regions ap,us --jitter=-1ms",         "'-1ms' given"),
            Row("up --regions ap,us --loss 101%",           "'101%' given"),
            Row("up --regions ap,us --loss 1",              "'1' given"),
            Row("ping ap1",                                 "b"),
            Row("ping ap1 us1 --count 0",                   "1 to 1000"),
        ]

        @Test(arguments: wrong) func aWrongCommandLineIsTold(_ row: Row) async throws {
            let lab = try Lab()
            let run = try await lab.run(row.words)
            #expect(run.status == 64, "\(run.summary)")
            #expect(
                run.errors.hasPrefix("lab: ") && run.errors.contains(row.told),
                "\(run.summary)"
            )
            #expect(!FileManager.default.fileExists(atPath: lab.state))
        }

        @Test func everyVerbIsInTheHelpAndThePage() async throws {
            let help = try await Lab().done(["--help"])
            let page = Lab.text("\(Lab.repository)/Docs/operations/lab.md")
            for verb in [
                "up", "down", "partition", "one-way", "shape", "heal", "kill", "pause", "resume",
                "start", "status", "env", "ping", "rate", "exec",
            ] {
                #expect(help.contains("    \(verb) "), "\(verb)")
                #expect(page.contains("\(verb)"), "\(verb)")
            }
        }

        @Test(.enabled(if: LabRig.canBuild, LabRig.needs))
        func withoutALabVerbsSaySo() async throws {
            let lab = try Lab()
            for words in [["status"], ["heal"], ["kill", "ap1"], ["env"]] {
                let run = try await lab.run(words)
                #expect(run.status == 3 && run.errors.contains("no lab in"), "\(run.summary)")
            }
            #expect(try await lab.done(["down"]).contains("no lab in"))
        }

        @Test(.enabled(if: LabRig.canBuild, LabRig.needs))
        func aDirectoryOfOthersIsLeftAlone() async throws {
            let lab = try Lab()
            try FileManager.default.createDirectory(
                atPath: lab.state,
                withIntermediateDirectories: true
            )
            try Data("mine".utf8).write(to: URL(filePath: "\(lab.state)/file"))
            for words in [["down"], ["up", "--regions", "ap"]] {
                let run = try await lab.run(words)
                #expect(run.status == 1 && run.errors.contains("no lab has made"), "\(run.summary)")
            }
            #expect(Lab.text("\(lab.state)/file") == "mine")
        }
    }
}
