// SPDX-License-Identifier: Apache-2.0

package import ClientRuntime
package import Primitives

/// Compares what regions' origins hold: first names and sizes, then checksums, then content.
///
///     samples ─▶ those that every region's sample must have ─▶ missing, sizes
///                └─▶ in all, of one size ─▶ checksums where all give one kind ─▶ content of 32 others
///
/// A sample is complete up to its highest hash, and a listing that was not followed to its end up to its
/// highest name: only what is complete in every region is compared.
package struct OriginComparison: Sendable {
    /// Objects of which the content itself is read.
    package static let contentLimit = 32

    package private(set) var differences: [OriginDifference] = []
    /// Names of the sample that were compared.
    package private(set) var nameCount = 0
    /// Kinds of the stores' own checksums that decided, and for how many objects.
    package private(set) var checksumCounts: [String: Int] = [:]
    /// Objects whose content was read and compared.
    package private(set) var contentCount = 0
    /// Everywhere there and of one size: in the order of their hashes.
    package private(set) var candidates: [SurveyedNames.Entry] = []
    private let regions: [String]

    /// Compares names and sizes; `regions` are those that could be looked at.
    package init(_ regions: [RegionFindings]) {
        self.regions = regions.map(\.region)
        guard regions.count > 1 else { return }
        let threshold = regions.map(\.names.threshold).min() ?? 0
        let end = regions.filter(\.isPartial).compactMap(\.names.last).min()
        var sizes: [ByteString: [String: UInt64]] = [:]
        for region in regions {
            for entry in region.names.sample where entry.hash <= threshold {
                if let end, entry.name > end { continue }
                sizes[entry.name, default: [:]][region.region] = entry.size
            }
        }
        nameCount = sizes.count
        for (name, found) in sizes.sorted(by: { $0.key < $1.key }) { compare(name, found) }
        candidates.sort { ($0.hash, $0.name) < ($1.hash, $1.name) }
        if end == nil, differences.isEmpty { compareNumbers(regions) }
    }

    /// Compares stores' own checksums.
    ///
    /// `found` is by region, in the order of `names`; empty where a store says nothing.
    /// - Returns: The names that they do not decide about.
    package mutating func compare(
        checksums found: [String: [[String: String]]],
        of names: [ByteString]
    ) -> [ByteString] {
        var undecided: [ByteString] = []
        for (position, name) in names.enumerated() {
            let values = regions.map { found[$0]?[position] ?? [:] }
            let common = values.map { Set($0.keys) }.reduce(Set(values.first?.keys ?? [:].keys)) {
                $0.intersection($1)
            }
            guard let kind = common.max() else {
                undecided.append(name)
                continue
            }
            checksumCounts[kind, default: 0] += 1
            note(name, kind, values.map { $0[kind] ?? "" })
        }
        return undecided
    }

    /// Compares checksums of content that was read, by region.
    package mutating func compare(content found: [String: String], of name: ByteString) {
        contentCount += 1
        note(name, "crc32c", regions.map { found[$0] ?? "" })
    }

    /// An object could not be looked at in some regions.
    package mutating func note(unreadable name: ByteString, _ problems: [String: String]) {
        differences.append(OriginDifference(.unreadable, name.text, problems))
    }

    // MARK: - Private

    private mutating func compare(_ name: ByteString, _ sizes: [String: UInt64]) {
        guard sizes.count == regions.count else {
            let found = regions.map { region in
                (region, sizes[region].map { "\($0) bytes" } ?? "missing")
            }
            differences.append(
                OriginDifference(.missing, name.text, Dictionary(uniqueKeysWithValues: found))
            )
            return
        }
        guard Set(sizes.values).count == 1, let size = sizes.values.first else {
            differences.append(
                OriginDifference(.size, name.text, sizes.mapValues { "\($0) bytes" })
            )
            return
        }
        candidates.append(SurveyedNames.Entry(name: name, size: size))
    }

    /// The sample shows nothing; the numbers of everything that was listed may.
    private mutating func compareNumbers(_ regions: [RegionFindings]) {
        let numbers = Set(regions.map { [$0.names.objects, $0.names.bytes, $0.names.digest] })
        guard numbers.count > 1 else { return }
        let found = regions.map { region in
            (region.region, "\(region.names.objects) objects, \(region.names.bytes) bytes")
        }
        differences.append(
            OriginDifference(.unsampled, "", Dictionary(uniqueKeysWithValues: found))
        )
    }

    private mutating func note(_ name: ByteString, _ kind: String, _ values: [String]) {
        guard Set(values).count > 1 else { return }
        let found = zip(regions, values).map { ($0, "\(kind) \($1)") }
        differences.append(
            OriginDifference(.content, name.text, Dictionary(uniqueKeysWithValues: found))
        )
    }
}
