// SPDX-License-Identifier: Apache-2.0
import Primitives
import Testing

@Suite struct NearestNameTests {
    // swift-format-ignore
    static let typos: [(typed: String, names: [String], near: [String])] = [
        ("mont",   ["mount", "fuse", "fs"],     ["mount"]),
        ("sl",     ["ls", "stat", "cat"],       ["ls"]),
        ("sta",    ["start", "stat", "list"],   ["stat", "start"]),
        ("zzz",    ["add", "list"],             []),
        ("",       ["add"],                     []),
        ("LIST",   ["list"],                    ["list"]),
        ("endpiont", ["region", "endpoint"],    ["endpoint"]),
        (String(repeating: "a", count: 65), ["a"], []),
    ]

    @Test(arguments: typos)
    func nearestNames(row: (typed: String, names: [String], near: [String])) {
        #expect(NearestName.suggestions(for: row.typed, among: row.names) == row.near)
    }

    @Test func theHintLeavesOutWhatAllNamesShare() {
        let hint = NearestName.hint(
            for: "TARN_WORKER_REGOIN",
            among: ["TARN_WORKER_REGION", "TARN_WORKER_ZONE"],
            prefix: "TARN_WORKER_"
        )
        #expect(hint == "; did you mean 'TARN_WORKER_REGION'?")
        #expect(NearestName.hint(for: "zzzz", among: ["region"]).isEmpty)
    }
}
