// SPDX-License-Identifier: Apache-2.0

import ClientRuntime
import Primitives
import Testing

import tarn

/// Goal: what is compared is complete in every region, and every kind of difference is named.
@Suite struct OriginComparisonTests {
    private static func entries(_ range: Range<Int>) -> [SurveyedNames.Entry] {
        range.map { SurveyedNames.Entry(name: ByteString("key-\($0)"), size: UInt64($0)) }
    }

    private static func findings(
        _ region: String,
        _ entries: [SurveyedNames.Entry],
        isPartial: Bool = false
    ) -> RegionFindings {
        var findings = RegionFindings(region: region)
        findings.names.add(entries)
        findings.isPartial = isPartial
        return findings
    }

    /// However a listing is cut into parts and in whatever order they come, and whatever the parts leave
    /// out above the threshold known so far: the same sample, numbers and digest.
    @Test(arguments: UInt64(1)...20)
    func aSampleDependsOnTheNamesAlone(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        let all = Self.entries(0..<4000)
        var whole = SurveyedNames()
        whole.add(all)
        #expect(whole.sample.count == 1000 && whole.isCut && whole.objects == 4000)

        var merged = SurveyedNames()
        var rest = all.shuffled(using: &generator)[...]
        while !rest.isEmpty {
            let count = Int.random(in: 1...1500, using: &generator)
            var part = SurveyedNames()
            part.add(Array(rest.prefix(count)), upTo: merged.threshold)
            merged.add(part)
            rest = rest.dropFirst(count)
        }
        #expect(merged == whole, "seed \(seed)")
    }

    @Test func equalOriginsAreEqual() {
        let comparison = OriginComparison([
            Self.findings("ap", Self.entries(0..<3000)),
            Self.findings("us", Self.entries(0..<3000).reversed()),
        ])
        #expect(comparison.differences.isEmpty && comparison.nameCount == 1000)
        #expect(comparison.candidates.count == 1000)
        let hashes = comparison.candidates.map(\.hash)
        #expect(hashes == hashes.sorted())
    }

    /// One key less in one region pushes another into its sample, which is no difference.
    @Test func oneMissingKeyOfTheSampleIsOneDifference() throws {
        let all = Self.entries(0..<3000)
        var sampled = SurveyedNames()
        sampled.add(all)
        let gone = try #require(sampled.sample.first)
        let comparison = OriginComparison([
            Self.findings("ap", all), Self.findings("eu", all),
            Self.findings("us", all.filter { $0 != gone }),
        ])
        #expect(
            comparison.differences == [
                OriginDifference(
                    .missing,
                    gone.name.text,
                    ["ap": "\(gone.size) bytes", "eu": "\(gone.size) bytes", "us": "missing"]
                )
            ]
        )
        #expect(!comparison.candidates.contains(gone))
    }

    @Test func whatTheSampleLeavesOutShowsInTheNumbers() throws {
        let all = Self.entries(0..<3000)
        var sampled = SurveyedNames()
        sampled.add(all)
        let gone = try #require(all.first { !sampled.sample.contains($0) })
        let comparison = OriginComparison([
            Self.findings("ap", all), Self.findings("us", all.filter { $0 != gone }),
        ])
        #expect(comparison.differences.map(\.what) == [.unsampled])
        #expect(comparison.differences.first?.found["us"]?.hasPrefix("2999 objects") == true)
    }

    /// Only names up to where every listing was followed are compared.
    @Test func partialListingsAreComparedAsFarAsBothGo() {
        let all = Self.entries(0..<900).sorted { $0.name < $1.name }
        let comparison = OriginComparison([
            Self.findings("ap", Array(all.prefix(500)), isPartial: true),
            Self.findings("us", Array(all.prefix(700)), isPartial: true),
            Self.findings("eu", all),
        ])
        #expect(comparison.differences.isEmpty)
        #expect(comparison.nameCount == 500)
    }

    @Test func checksumsDecideOnlyWhereAllGiveOneKind() {
        let names: [ByteString] = ["both", "one", "mixed", "other"]
        var comparison = OriginComparison([
            Self.findings("ap", []), Self.findings("us", []),
        ])
        let undecided = comparison.compare(
            checksums: [
                "ap": [["sha256": "x", "crc32": "1"], [:], ["crc32": "1"], ["sha256": "x"]],
                "us": [
                    ["sha256": "x", "crc32": "2"], ["sha256": "x"], ["sha1": "1"], ["sha256": "y"],
                ],
            ],
            of: names
        )
        #expect(undecided == ["one", "mixed"])
        #expect(comparison.checksumCounts == ["sha256": 2])
        #expect(
            comparison.differences
                == [OriginDifference(.content, "other", ["ap": "sha256 x", "us": "sha256 y"])]
        )
        comparison.compare(content: ["ap": "1", "us": "2"], of: "one")
        #expect(comparison.differences.count == 2 && comparison.contentCount == 1)
    }

    @Test func oneRegionIsIdenticalToItself() {
        let comparison = OriginComparison([Self.findings("ap", Self.entries(0..<5))])
        #expect(comparison.differences.isEmpty && comparison.nameCount == 0)
    }
}
