// SPDX-License-Identifier: Apache-2.0

/// Body of `POST /v1/mount/survey`: one look at a mount's origin in a region.
package struct SurveyRequest: Codable, Hashable, Sendable {
    package enum Step: String, Codable, CaseIterable, Sendable { case names, checksums, content }

    /// The mount's path.
    package var path: String
    /// ``Step``.
    package var step: String
    /// Of step `names`: where to go on, as ``SurveyNamesDocument/next`` says.
    @Nullable package var after: String?
    /// Of step `names`: leave out of the sample what hashes higher; 16 hex digits.
    @Nullable package var upTo: String?
    /// Of the other steps: the objects to look at, names as listings write them.
    @Nullable package var names: [String]?

    package init(
        path: String,
        step: Step,
        after: String? = nil,
        upTo: String? = nil,
        names: [String]? = nil
    ) {
        self.path = path
        self.step = step.rawValue
        self.after = after
        self.upTo = upTo
        self.names = names
    }
}

/// What was seen.
package struct SurveyDocument: Codable, Hashable, Sendable {
    package var region: String
    /// The worker that looked.
    package var worker: String
    /// The region's origin.
    package var origin: String
    /// Of the mount, as that worker has it.
    package var modRevision: UInt64
    /// Of step `names`.
    @Nullable package var names: SurveyNamesDocument?
    /// Of the other steps, in the order asked for.
    @Nullable package var objects: [SurveyObjectDocument]?

    package init(
        region: String,
        worker: String,
        origin: String,
        modRevision: UInt64,
        names: SurveyNamesDocument? = nil,
        objects: [SurveyObjectDocument]? = nil
    ) {
        self.region = region
        self.worker = worker
        self.origin = origin
        self.modRevision = modRevision
        self.names = names
        self.objects = objects
    }
}

/// A part of a listing in numbers, and the names in it that hash lowest.
package struct SurveyNamesDocument: Codable, Hashable, Sendable {
    package struct Entry: Codable, Hashable, Sendable {
        package var name: String
        package var size: UInt64

        package init(name: String, size: UInt64) {
            self.name = name
            self.size = size
        }
    }

    package var objects: UInt64
    package var bytes: UInt64
    /// Sum of a hash of each name and size, 16 hex digits: equal for equal listings.
    package var digest: String
    package var sample: [Entry]
    /// Whether the sample leaves names out.
    package var cut: Bool
    /// The highest name, in the sample or not.
    @Nullable package var last: String?
    /// Pass it as `after` for the next part; `nil`: this was the last.
    @Nullable package var next: String?

    package init(
        objects: UInt64,
        bytes: UInt64,
        digest: String,
        sample: [Entry],
        cut: Bool,
        last: String?,
        next: String?
    ) {
        self.objects = objects
        self.bytes = bytes
        self.digest = digest
        self.sample = sample
        self.cut = cut
        self.last = last
        self.next = next
    }
}

/// One object that was looked at.
package struct SurveyObjectDocument: Codable, Hashable, Sendable {
    package var name: String
    @Nullable package var size: UInt64?
    /// By kind, such as `crc32c`.
    package var checksums: [String: String]
    /// Why it could not be looked at.
    @Nullable package var problem: String?

    package init(
        name: String,
        size: UInt64? = nil,
        checksums: [String: String] = [:],
        problem: String? = nil
    ) {
        self.name = name
        self.size = size
        self.checksums = checksums
        self.problem = problem
    }
}
