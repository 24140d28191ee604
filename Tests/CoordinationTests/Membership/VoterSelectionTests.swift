// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Testing

@Suite(.timeLimit(.minutes(1)))
struct VoterSelectionTests {
    struct Row: Sendable {
        let what: String
        let count: Int
        let survival: ClusterEntry.Survival
        /// `name region zone`.
        let candidates: [String]
        let chosen: [String]?
    }

    // swift-format-ignore
    static let rows: [Row] = [
        Row(what: "ties go by name",      count: 3, survival: .zone,   candidates: ["d r a", "c r a", "b r a", "a r a"], chosen: ["a", "b", "c"]),
        Row(what: "zones are spread",     count: 3, survival: .zone,   candidates: ["a r x", "b r x", "c r y", "d r z"], chosen: ["a", "c", "d"]),
        Row(what: "two zones share",      count: 3, survival: .zone,   candidates: ["a r x", "b r x", "c r x", "d r y"], chosen: ["a", "b", "d"]),
        Row(what: "other regions wait",   count: 3, survival: .zone,   candidates: ["a r x", "b r x", "c s x", "d s x"], chosen: nil),
        Row(what: "too few",              count: 3, survival: .zone,   candidates: ["a r x", "b r x"],                   chosen: nil),
        Row(what: "one",                  count: 1, survival: .zone,   candidates: ["b r x", "a s x"],                   chosen: ["b"]),
        Row(what: "regions are spread",   count: 3, survival: .region, candidates: ["a r x", "b r y", "c s x", "d t x"], chosen: ["a", "c", "d"]),
        Row(what: "then zones",           count: 3, survival: .region, candidates: ["a r x", "b r x", "c r y", "d s x"], chosen: ["a", "c", "d"]),
        Row(what: "five of two regions",  count: 5, survival: .region, candidates: ["a r x", "b r y", "c r z", "d s x", "e s y", "f s y"], chosen: ["a", "b", "c", "d", "e"]),
        Row(what: "nobody",               count: 1, survival: .zone,   candidates: [],                                   chosen: nil),
    ]

    @Test(arguments: rows.indices)
    func selection(_ index: Int) {
        let row = Self.rows[index]
        let candidates = row.candidates.enumerated().map { offset, text in
            let parts = text.split(separator: " ").map(String.init)
            return registration(parts[0], store: UInt64(offset), region: parts[1], zone: parts[2])
        }
        for order in [candidates, candidates.reversed()] {
            let chosen = VoterSelection.choose(
                row.count,
                from: order,
                home: "r",
                survival: row.survival
            )
            #expect(chosen?.map(\.name) == row.chosen, "\(row.what)")
        }
    }

    @Test(arguments: [(0, 1), (1, 1), (2, 1), (3, 3), (4, 3), (100, 3)])
    func theDefaultIsOddAndAtMostThree(_ addresses: Int, _ count: Int) {
        #expect(VoterSelection.defaultCount(addressCount: addresses) == count)
    }
}
