// SPDX-License-Identifier: Apache-2.0

/// Which mount a path belongs to and where its bytes come from.
///
/// Schema `resolve` of `GET /v1/openapi.json`.
package struct ResolveDocument: Codable, Hashable, Sendable {
    package var path: String
    /// Path of the mount with the longest matching prefix.
    package var mount: String
    package var region: String
    /// URI of this very path at the region's origin.
    package var origin: String
    /// Of the catalog that answered.
    package var revision: UInt64

    package init(
        path: String,
        mount: String,
        region: String,
        origin: String,
        revision: UInt64
    ) {
        self.path = path
        self.mount = mount
        self.region = region
        self.origin = origin
        self.revision = revision
    }
}

/// Which workers own the unit of a file that holds one byte.
///
/// Schema `locate` of `GET /v1/openapi.json`.
package struct LocateDocument: Codable, Hashable, Sendable {
    package var path: String
    /// Bytes.
    package var offset: UInt64
    /// `offset` / 64 MiB.
    package var unit: UInt64
    /// Placement key, 16 hex digits.
    package var hash: String
    package var epoch: UInt64
    /// First choice first.
    package var owners: [String]
    package var previousOwners: [String]
    /// Who holds the page now.
    package var cachedOn: [String]

    package init(
        path: String,
        offset: UInt64,
        unit: UInt64,
        hash: String,
        epoch: UInt64,
        owners: [String],
        previousOwners: [String],
        cachedOn: [String]
    ) {
        self.path = path
        self.offset = offset
        self.unit = unit
        self.hash = hash
        self.epoch = epoch
        self.owners = owners
        self.previousOwners = previousOwners
        self.cachedOn = cachedOn
    }
}

/// One page of a directory.
///
/// Schema `list` of `GET /v1/openapi.json`.
package struct ListDocument: Codable, Hashable, Sendable {
    package var path: String
    package var entries: [ListEntryDocument]
    /// Pass it as `after` for the next page; `nil`: this was the last.
    @Nullable package var next: String?

    package init(
        path: String,
        entries: [ListEntryDocument],
        next: String?
    ) {
        self.path = path
        self.entries = entries
        self.next = next
    }
}

/// One name in a directory.
package struct ListEntryDocument: Codable, Hashable, Sendable {
    package var name: String
    package var type: EntryKind
    /// Bytes; `nil` for directories.
    @Nullable package var size: UInt64?
    @Nullable package var modified: Timestamp?
    /// ETag or its equivalent.
    @Nullable package var version: String?

    package init(
        name: String,
        type: EntryKind,
        size: UInt64?,
        modified: Timestamp?,
        version: String?
    ) {
        self.name = name
        self.type = type
        self.size = size
        self.modified = modified
        self.version = version
    }
}

/// What a directory entry is.
package enum EntryKind: String, Codable, Sendable { case file, directory }

/// Which workers hold most of a file, or of the files of a directory: `GET /v1/locality`.
package struct LocalityDocument: Codable, Hashable, Sendable {
    package struct Worker: Codable, Hashable, Sendable {
        package var name: String
        /// Held of the files looked at.
        package var bytes: UInt64

        package init(name: String, bytes: UInt64) {
            self.name = name
            self.bytes = bytes
        }
    }

    package var path: String
    /// Files looked at, and their sizes together.
    package var files: Int
    package var bytes: UInt64
    /// There are more files, or workers, than were looked at.
    package var sample: Bool
    /// Who holds most first; who holds nothing is left out.
    package var workers: [Worker]

    package init(path: String, files: Int, bytes: UInt64, sample: Bool, workers: [Worker]) {
        self.path = path
        self.files = files
        self.bytes = bytes
        self.sample = sample
        self.workers = workers
    }
}
