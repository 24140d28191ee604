// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Settings
import Testing

import tarn

@Suite struct CommandLineTests {
    static let texts = TarnCommandLine.helpTexts()
    static let verbs = texts.filter { !$0.text.contains("SUBCOMMANDS:") }

    /// Every example that help prints is a command line that the parser takes.
    @Test(arguments: texts.map(\.command))
    func examplesParse(command: String) throws {
        let text = try #require(Self.texts.first { $0.command == command }?.text)
        let examples = ExampleLines.commands(in: text)
        if !text.contains("SUBCOMMANDS:") {
            #expect(!examples.isEmpty, "\(command) has no EXAMPLES")
            #expect(text.contains("EXIT STATUS:"), "\(command)")
            #expect(examples.contains { $0.hasPrefix(command) }, "\(command)")
        }
        for example in examples {
            do {
                _ = try TarnCommandLine.parse(ExampleLines.words(example))
            } catch {
                // Help and version are requests, not failures.
                let isRequest = !(error is CommandFailure) && Tarn.exitCode(for: error) == .success
                #expect(isRequest, "\(example): \(error)")
            }
        }
    }

    @Test func everyVerbOfThisReleaseIsThereAndNoOther() {
        let expected = [
            "tarn dev", "tarn worker start", "tarn worker list", "tarn worker show",
            "tarn worker drain", "tarn worker undrain", "tarn worker remove",
            "tarn cluster init", "tarn cluster status", "tarn cluster update",
            "tarn cluster promote", "tarn cluster demote", "tarn cluster transfer-leader",
            "tarn cluster rebalance status", "tarn cluster rebalance pause",
            "tarn cluster rebalance resume", "tarn cluster rebalance rate",
            "tarn cluster backup", "tarn cluster restore", "tarn cluster recover",
            "tarn ring show", "tarn ring plan", "tarn ring explain", "tarn ring force",
            "tarn mount add", "tarn mount update",
            "tarn mount list", "tarn mount show", "tarn mount remove", "tarn mount resolve",
            "tarn mount history", "tarn mount rollback", "tarn mount apply", "tarn mount verify",
            "tarn credential put", "tarn credential list", "tarn credential remove",
            "tarn credential rotate", "tarn fs ls", "tarn fs stat", "tarn fs cat", "tarn fs get",
            "tarn job list", "tarn job show", "tarn job wait", "tarn job cancel", "tarn fuse mount",
            "tarn fuse unmount", "tarn fuse status", "tarn doctor", "tarn completion bash",
            "tarn completion zsh", "tarn completion fish",
        ]
        #expect(Self.verbs.map(\.command) == expected)
    }

    /// The table of keys is what `worker start` offers as flags.
    @Test func everyKeyHasItsFlagAndNoFlagLacksAKey() throws {
        let help = try #require(Self.texts.first { $0.command == "tarn worker start" }?.text)
        let section = help.split(separator: "CONFIGURATION:")[1].split(separator: "\nOPTIONS:")[0]
        let flags = section.matches(of: #/(?m)^  (--[a-z0-9-]+)/#).map { String($0.1) }
        #expect(flags.sorted() == SettingKey.all.map(\.flag).sorted())
    }

    // swift-format-ignore
    static let mistakes: [(words: [String], says: String)] = [
        (["mont", "add"],                      "'mont' is not a noun of 'tarn'; did you mean 'mount'?"),
        (["mount", "ad", "/x", "s3://b"],      "'ad' is not a verb of 'tarn mount'; did you mean 'add'?"),
        (["-q", "wroker"],                     "'wroker' is not a noun of 'tarn'; did you mean 'worker'?"),
        (["--addr", "h:1", "fs", "sl"],        "'sl' is not a verb of 'tarn fs'; did you mean 'ls'?"),
        (["worker", "zzzzz", "w1"],            "'zzzzz' is not a verb of 'tarn worker'; known are start, list, show"),
        (["mout", "/tmp/nodir"],               "'mout' is not a noun of 'tarn'; did you mean 'mount'?"),
        (["mout", "/tmp/nodir", "-o", "json"], "'mout' is not a noun of 'tarn'; did you mean 'mount'?"),
        (["cluster", "-o", "json", "int"],     "'int' is not a verb of 'tarn cluster'; did you mean 'init'?"),
        (["zzzzzz"],                           "'zzzzzz' is not a noun of 'tarn'; known are dev, worker"),
    ]

    @Test(arguments: mistakes)
    func mistypedNamesAreAnsweredWithTheNearest(row: (words: [String], says: String)) {
        #expect {
            _ = try TarnCommandLine.parse(row.words)
        } throws: { error in
            let failure = error as? CommandFailure
            return failure?.exitStatus == 64 && failure?.text?.contains(row.says) == true
        }
    }

    // swift-format-ignore
    static let impossible: [[String]] = [
        ["worker", "list", "--timeout", "0s"],
        ["worker", "list", "--timeout", "5"],
        ["worker", "list", "--addr", "https://h:1"],
        ["worker", "list", "--addr", "h:1,,"],
        ["worker", "list", "-o", "yaml"],
        ["worker", "list", "extra"],
        ["cluster", "init", "--voters", "2"],
        ["mount", "add", "/x"],
        ["mount", "add", "/x", "s3://b", "--replicas", "9"],
        ["mount", "add", "/x", "s3://b", "--option", "endpoint"],
        ["mount", "add", "/x", "s3://b", "--region-option", "us=v"],
        ["mount", "add", "/x", "s3://b", "--write", "maybe"],
        ["mount", "add", "/x", "s3://b", "--metadata-ttl", "60"],
        ["mount", "add", "/x", "s3://b", "--on-stale", "fail"],
        ["worker", "drain"],
        ["worker", "drain", "w1", "--rate", "fast"],
        ["worker", "drain", "w1", "--deadline", "soon"],
        ["worker", "remove"],
        ["ring", "plan"],
        ["ring", "plan", "--add", "w5"],
        ["ring", "plan", "--reweight", "w5=much"],
        ["cluster", "rebalance", "rate", "fast"],
        ["job", "wait"],
        ["fs", "cat"],
        ["fs", "cat", "/x", "--offset", "-1"],
        ["dev", "--workers", "0"],
        ["fuse", "mount", "/m", "--metrics", "nine"],
    ]

    @Test(arguments: impossible)
    func impossibleCommandLinesAreRefused(words: [String]) async throws {
        let ran = try await tarn(words)
        #expect(ran.status == 64)
        #expect(ran.output.isEmpty && ran.error.hasPrefix("Error: "))
    }

    @Test(arguments: [[], ["worker"], ["mount", "--help"], ["help", "fs", "cat"]])
    func helpGoesToStandardOutputAndIsNoFailure(words: [String]) async throws {
        let ran = try await tarn(words)
        #expect(ran.status == 0)
        #expect(ran.text.hasPrefix("OVERVIEW: ") && ran.error.isEmpty)
    }

    @Test func theVersionNamesCommitAndBuild() async throws {
        let ran = try await tarn(["--version"])
        #expect(ran.status == 0)
        #expect(ran.text.contains(#/^tarn \d+\.\d+\.\d+ \(commit [\w-]+; (debug|release), Linux /#))
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completionKnowsTheVerbs(shell: String) async throws {
        let ran = try await tarn(["completion", shell])
        #expect(ran.status == 0)
        #expect(ran.text.contains("transfer-leader"))
    }

    // swift-format-ignore
    static let asJSON: [[String]] = [
        ["mont", "-o", "json"], ["mont", "-o=json"], ["-qo", "json", "mont"],
        ["worker", "list", "--output=json", "--timeout", "5"],
        ["-o", "table", "worker", "list", "-o", "json", "extra"],
        ["mount", "update", "/m", "-o=json"], ["mount", "update", "/m", "-qo", "json"],
        ["--output", "json", "fuse", "mount", "/m", "-o", "json"],
        ["fuse", "mount", "/m", "-o", "json", "--output", "json"],
        ["fuse", "unmount", "/", "-qo", "json"],
    ]

    @Test(arguments: asJSON)
    func failuresAreDocumentsWithJSON(words: [String]) async throws {
        let ran = try await tarn(words)
        #expect(ran.output.isEmpty)
        let object = try JSONSerialization.jsonObject(with: Data(ran.error.utf8))
        let code = (object as? [String: Any])?["code"] as? String
        #expect(code == (ran.status == 3 ? "not-found" : "usage"))
    }

    // swift-format-ignore
    static let asText: [[String]] = [
        ["-o", "json", "worker", "list", "-o", "table", "extra"],
        ["fuse", "mount", "/m", "-o", "json"],  // a mount option, and no known one
    ]

    @Test(arguments: asText)
    func failuresAreTextWithoutJSON(words: [String]) async throws {
        let ran = try await tarn(words)
        #expect(ran.status == 64 && ran.error.hasPrefix("Error: "))
    }

    // swift-format-ignore
    static let refusals: [(words: [String], environment: [String: String], says: String)] = [
        (["--addr", "https://h:1", "worker", "list"], [:], "TLS is not built yet"),
        (["worker", "list"], ["TARN_ADDR": "https://h:1"], "TARN_ADDR: 'https://h:1': TLS is not built yet"),
        (["worker", "list"], ["TARN_CA": "ca.pem"],        "TARN_CA: TLS is not built yet"),
        (["fuse", "mount", "/m"], ["TARN_KEY": "k.pem"],   "TARN_KEY: TLS is not built yet"),
        (["worker", "list", "--cert", "c.pem"], [:],       "'--cert': TLS is not built yet"),
        (["--ca", "ca.pem", "mount", "list"], [:],         "'--ca': TLS is not built yet"),
        (["worker", "list", "--addr", "h:1,,"], [:],       "allowed is HOST:PORT"),
        (["worker", "list", "--timeout", "30"], [:],       "allowed is 1ms to 1d"),
    ]

    @Test(arguments: refusals.indices)
    func refusalsSayWhatIsAllowed(row: Int) async throws {
        let row = Self.refusals[row]
        let ran = try await tarn(row.words, environment: row.environment)
        #expect(ran.status == 64 && ran.error.contains(row.says), "\(ran.error)")
    }

    // swift-format-ignore
    static let fstab: [(words: [String], becomes: [String]?)] = [
        (["tarn", "/m", "-o", "rw,noauto"],            ["fuse", "mount", "/m"]),
        (["h:1,h:2", "/m", "-o", "ro,_netdev,uid=5"],  ["fuse", "mount", "/m", "--addr", "h:1,h:2", "--mount-option", "ro,uid=5"]),
        (["h:1/data", "/m", "-o", "rw"],               ["fuse", "mount", "/m", "--addr", "h:1", "--path", "/data"]),
        (["h1,h2", "/m", "-o", "rw"],                  ["fuse", "mount", "/m", "--addr", "h1,h2"]),
        (["none", "/m", "-o", "ro"],                   ["fuse", "mount", "/m", "--mount-option", "ro"]),
        (["h:1", "/m"],                                nil),
        (["mout", "/m"],                               nil),
        (["mout", "/m", "-o", "json"],                 nil),
        (["fs", "/m", "-o", "json"],                   nil),
        (["tarn", "m", "-o", "ro"],                    nil),
        (["--addr=h:1", "/m", "-o", "json"],           nil),
    ]

    @Test(arguments: fstab)
    func fstabCallsAreUnderstood(row: (words: [String], becomes: [String]?)) {
        #expect(FstabCall.words(row.words) == row.becomes)
    }
}
