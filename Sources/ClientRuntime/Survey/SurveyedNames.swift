// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// What a part of an origin's listing holds: numbers of all of it, and the names that hash lowest.
///
/// Sets of names that are equal have equal samples, whoever listed them and in whatever parts: a sample
/// is spread over all names, and what is missing from one of two sets shows in it.
package struct SurveyedNames: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        /// Relative to the mount.
        package let name: ByteString
        /// In bytes.
        package let size: UInt64

        package init(name: ByteString, size: UInt64) {
            self.name = name
            self.size = size
        }

        /// Decides who is in the sample: XXH64 of the name, seed 0.
        package var hash: UInt64 { XXH64.hash(name.bytes) }

        /// Its share in ``SurveyedNames/digest``: over name, a zero byte, and the size.
        var digest: UInt64 {
            var writer = ByteWriter(reservingCapacity: name.count + 9)
            writer.write(raw: name.bytes)
            writer.write(UInt8(0))
            writer.write(size)
            return XXH64.hash(writer.bytes)
        }
    }

    /// Names in a sample.
    package static let sampleLimit = 1000

    package private(set) var objects: UInt64 = 0
    package private(set) var bytes: UInt64 = 0
    /// Wrapping sum over names and sizes: in whatever order they came.
    package private(set) var digest: UInt64 = 0
    /// In the order of their hashes, then of their names; at most ``sampleLimit``.
    package private(set) var sample: [Entry] = []
    /// Whether the sample leaves names out.
    package private(set) var isCut = false
    /// The highest name, of those too that are not in the sample; `nil`: there is none.
    package private(set) var last: ByteString?

    package init() {}

    /// As a worker answered it.
    package init(
        objects: UInt64,
        bytes: UInt64,
        digest: UInt64,
        sample: [Entry],
        isCut: Bool,
        last: ByteString?
    ) {
        self.objects = objects
        self.bytes = bytes
        self.digest = digest
        self.sample = sample
        self.isCut = isCut
        self.last = last
    }

    /// Takes in a page; entries whose hash is over `limit` count but are not kept.
    package mutating func add(_ entries: [Entry], upTo limit: UInt64 = .max) {
        for entry in entries {
            objects += 1
            bytes &+= entry.size
            digest &+= entry.digest
            last = max(last ?? entry.name, entry.name)
        }
        let kept = entries.filter { $0.hash <= limit }
        if kept.count < entries.count { isCut = true }
        keep(kept)
    }

    /// Takes in another part of the same listing.
    package mutating func add(_ other: SurveyedNames) {
        objects += other.objects
        bytes &+= other.bytes
        digest &+= other.digest
        if other.isCut { isCut = true }
        if let name = other.last { last = max(last ?? name, name) }
        keep(other.sample)
    }

    /// The highest hash up to which the sample is complete.
    package var threshold: UInt64 { isCut ? sample.last?.hash ?? 0 : .max }

    private mutating func keep(_ entries: [Entry]) {
        sample = (sample + entries).map { (hash: $0.hash, entry: $0) }
            .sorted { ($0.hash, $0.entry.name) < ($1.hash, $1.entry.name) }
            .map(\.entry)
        guard sample.count > Self.sampleLimit else { return }
        sample.removeSubrange(Self.sampleLimit...)
        isCut = true
    }
}
