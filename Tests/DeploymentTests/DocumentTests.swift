// SPDX-License-Identifier: Apache-2.0

import Foundation
import Settings
import Testing

import tarn

/// Goal: nobody is told of a command, a flag or a page that does not exist.
@Suite struct DocumentTests {
    static let pages = (try? Repository.pages()) ?? []

    @Test(arguments: pages)
    func commandsOfPagesParse(page: String) throws {
        let blocks = CommandLines.shellBlocks(in: try Repository.text(page))
        for words in CommandLines.commands(in: blocks) {
            let plain = words.map { $0.replacing(#/\$\{?\w+\}?/#, with: "/x") }
            #expect(throws: Never.self, "tarn \(words.joined(separator: " "))") {
                try TarnCommandLine.parse(plain)
            }
        }
    }

    @Test func theReadmeShowsCommandsOfEveryNoun() throws {
        let blocks = CommandLines.shellBlocks(in: try Repository.text("README.md"))
        let nouns = Set(CommandLines.commands(in: blocks).compactMap(\.first))
        #expect(nouns.isSuperset(of: ["worker", "cluster", "mount", "ring", "fs", "fuse"]))
    }

    @Test(arguments: pages)
    func linksLeadSomewhere(page: String) throws {
        let folder = page.split(separator: "/").dropLast().map { $0 + "/" }.joined()
        for match in try Repository.text(page).matches(of: #/\]\(([^)#:\s]+)(?:#[^)]*)?\)/#) {
            #expect(Repository.exists(folder + String(match.1)), "\(page): \(match.1)")
        }
    }

    /// Programs of this repository that the README has people run.
    @Test func scriptsOfTheReadmeAreThere() throws {
        let text = try Repository.text("README.md")
        let scripts = text.matches(of: #/[\s`]((?:Cluster|dev)\/[a-z]+)\b(?!\/)/#)
            .map { String($0.output.1) }
        #expect(Set(scripts).isSuperset(of: ["Cluster/quickstart", "dev/test", "dev/measure"]))
        for script in Set(scripts) {
            let path = Repository.root.appending(path: script).path
            #expect(FileManager.default.isReadableFile(atPath: path), "\(script)")
        }
    }

    @Test func theExampleOfMountsIsWhatApplyTakes() throws {
        let page = try Repository.text("Docs/mount-table.md")
        let blocks = page.matches(of: #/(?s)```yaml\n(.*?)```/#).map { String($0.output.1) }
        let text = try #require(blocks.first { $0.hasPrefix("mounts:") })
        let file = MountsFile(path: "mounts.yaml", text: text)
        let paths = try file.checked().keys.sorted()
        #expect(paths == ["/data/bucket_a", "/data/scratch", "/data/train"])
        let regions = try #require(try file.read().last?.regions)
        #expect(regions["us-west"]?.origin == "s3://lake-us-west/train")
    }

    @Test func theExampleConfigurationIsRead() throws {
        let path = Repository.root.appending(path: "Cluster/config/worker.yaml").path
        let worker = try settings(file: try ConfigurationFile(reading: path))
        #expect(worker.name == "w1" && worker.insecure)
        #expect(worker.listen.peer.description == "0.0.0.0:7403")
        #expect(worker.join.count == 3)
    }
}
