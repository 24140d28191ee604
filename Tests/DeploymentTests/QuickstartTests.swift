// SPDX-License-Identifier: Apache-2.0

import Foundation
import Settings
import Testing

import tarn

/// Goal: the quickstart says only what the product understands; running it is another test's part.
@Suite struct QuickstartTests {
    /// What the script's variables could be.
    private static let values = [
        "binary": "tarn", "mnt": "/mnt/tarn", "mount": "/data/bucket_a", "state": "/tmp/q",
        "home": "/tmp/q/w1", "capacity": "1GiB", "port": "7400", "addresses": "127.0.0.1:7400",
        "1": "1",
    ]

    private static func commands() throws -> [[String]] {
        let script = try Repository.text("Cluster/quickstart")
            .replacing("setsid \"$binary\"", with: "setsid tarn")
        return CommandLines.commands(in: script).map { $0.map(expanded) }
    }

    /// The word with its variables, sums and calls replaced.
    private static func expanded(_ word: String) -> String {
        word.replacing(#/\$\(\(port \+ (\d)\)\)/#) { "740\($0.output.1)" }
            .replacing(#/\$\(peer_of (\d)\)/#) { "127.0.0.1:74\($0.output.1)3" }
            .replacing(#/\$(\w+)/#) { match in
                let value = values[String(match.output.1)]
                #expect(value != nil, "$\(match.output.1) is unknown to this test")
                return value ?? ""
            }
    }

    @Test func everyCommandParses() throws {
        let commands = try Self.commands()
        let verbs = Set(commands.map { $0.prefix(2).joined(separator: " ") })
        #expect(
            verbs.isSuperset(of: [
                "worker start", "cluster init", "cluster status", "mount add", "fuse mount",
                "fuse unmount", "fs get", "fs ls", "ring explain",
            ])
        )
        for words in commands {
            #expect(throws: Never.self, "tarn \(words.joined(separator: " "))") {
                try TarnCommandLine.parse(words)
            }
        }
    }

    @Test func itsWorkersAreConfiguredRight() throws {
        let start = try #require(try Self.commands().first { $0.starts(with: ["worker", "start"]) })
        let words = start.dropFirst(2)
        var flags: [(name: String, text: String)] = []
        for (name, text) in zip(words, words.dropFirst()) where name.hasPrefix("--") {
            flags.append((name, text))
        }
        #expect(flags.count * 2 == words.count)
        let worker = try settings(flags: flags)
        #expect(worker.name == "w1" && worker.zone == "zone-1" && worker.join.count == 3)
        #expect(worker.listen.data.port == 7402)
        #expect(worker.capacity == .gibibytes(1))
    }

    /// Its counters are read by name from the workers' metrics.
    @Test func itsMetricsExist() throws {
        let script = try Repository.text("Cluster/quickstart")
        let names = script.matches(of: #/tarn_[a-z_]+_total/#).map { String($0.output) }
        #expect(!names.isEmpty)
        for name in names {
            #expect(try Repository.sources(below: "Sources/Telemetry", hold: "\"\(name)\""))
        }
    }

    @Test func itBuildsAsTheTestsDo() throws {
        #expect(try Repository.text("dev/build").contains("swift build -c release --build-tests"))
        #expect(try Repository.text("dev/check").contains("\ndev/build\n"))
        #expect(try Repository.text("Cluster/quickstart").contains("\"$root/dev/build\""))
    }
}
