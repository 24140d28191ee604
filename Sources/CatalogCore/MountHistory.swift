// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// One revision of a mount: what was at its path from then on.
package struct MountRevision: Hashable, Sendable {
    package let path: ByteString
    package let revision: Revision
    /// Milliseconds since 1970 by the clock of the worker that was asked, 0 where nobody said: shown to
    /// people, decides nothing.
    package let madeAtUnixMS: UInt64
    /// `nil`: the mount was taken away.
    package let entry: MountEntry?
}

/// What the paths of the mount table were before: replicated, so that every worker answers the same.
///
///     records   revision 4 /a │ 7 /b │ 8 /a │ 9 /a gone │ …      oldest out first
///     paths     /a: 4 8 9     /b: 7                              at most 100 each
///
/// Invariants:
/// 1. Each revision in ``records`` stands once in the list of its path, each list ascends, none is
///    empty.
/// 2. Of a path, everything behind ``horizon(of:)`` is there; of all paths, everything behind
///    ``horizon``.
/// 3. ``byteCount`` is the cost of all records, over the limit only while one is added.
struct MountHistory: Sendable {
    /// One revision as the bytes it is written with: a tenth of the memory of the entry.
    struct Record: Sendable {
        let path: ByteString
        /// Of this path, up to this revision nothing is known any more; 0: all is.
        let pathHorizon: Revision
        let bytes: [UInt8]

        /// Bytes that it counts for.
        var cost: Int { bytes.count + path.count + CatalogLimits.mountRevisionOverhead }

        func digest(of revision: Revision) -> UInt64 {
            DigestKind.mountRevision.hash {
                $0.write(revision.rawValue)
                $0.write(bytes)
            }
        }
    }

    /// What one more revision did, for the digest.
    struct Effect {
        var added: (revision: Revision, digest: UInt64)
        var removed: [(revision: Revision, digest: UInt64)]
    }

    private(set) var records = OrderedMap<Revision, Record>()
    private var revisionsByPath = OrderedMap<ByteString, [Revision]>()
    /// Up to this revision records left for want of room, whatever their path.
    private(set) var horizon: Revision
    private var byteCount = 0
    let byteLimit: Int

    init(byteLimit: Int, horizon: Revision = .zero) {
        self.byteLimit = byteLimit
        self.horizon = horizon
    }

    /// Adds what became of a path; its revision is newer than every one before.
    mutating func append(_ made: MountRevision) -> Effect {
        var removed: [(revision: Revision, digest: UInt64)] = []
        var horizon = horizon(ofRecordsOf: made.path)
        let known = revisionsByPath[made.path] ?? []
        if known.count >= CatalogLimits.revisionsPerMount, let oldest = known.first {
            removed += drop(oldest)
            horizon = oldest
        }
        let record = Record(made, pathHorizon: horizon)
        insert(record, at: made.revision)
        while byteCount > byteLimit, let oldest = records.first, oldest.key != made.revision {
            self.horizon = oldest.key
            removed += drop(oldest.key)
        }
        return Effect(added: (made.revision, record.digest(of: made.revision)), removed: removed)
    }

    /// Puts a record where it belongs, behind all others of its path.
    mutating func insert(_ record: Record, at revision: Revision) {
        byteCount += record.cost
        records.set(revision, record)
        revisionsByPath.set(record.path, (revisionsByPath[record.path] ?? []) + [revision])
    }

    /// Of a path, oldest first; what memory has changed is left out.
    func revisions(of path: ByteString) -> [MountRevision] {
        (revisionsByPath[path] ?? []).compactMap { revision in
            records[revision].flatMap { try? MountRevision.decode($0.bytes).made }
        }
    }

    /// Up to this revision nothing is known of the path any more; 0: all is.
    func horizon(of path: ByteString) -> Revision { max(horizon, horizon(ofRecordsOf: path)) }

    // MARK: - Private

    /// The newest record of a path knows it: that one leaves last.
    private func horizon(ofRecordsOf path: ByteString) -> Revision {
        revisionsByPath[path]?.last.flatMap { records[$0]?.pathHorizon } ?? .zero
    }

    /// Takes away the oldest record of its path.
    private mutating func drop(
        _ revision: Revision
    ) -> [(revision: Revision, digest: UInt64)] {
        guard let record = records.remove(revision) else { return [] }
        byteCount -= record.cost
        let rest = (revisionsByPath[record.path] ?? []).filter { $0 != revision }
        if rest.isEmpty {
            revisionsByPath.remove(record.path)
        } else {
            revisionsByPath.set(record.path, rest)
        }
        return [(revision, record.digest(of: revision))]
    }
}

// MARK: - Bytes

extension MountHistory.Record {
    init(_ made: MountRevision, pathHorizon: Revision) {
        var writer = ByteWriter(reservingCapacity: 256)
        writer.write(made.path)
        writer.write(made.revision.rawValue)
        writer.write(made.madeAtUnixMS)
        writer.write(pathHorizon.rawValue)
        writer.write(optional: made.entry) { $1.write(to: &$0) }
        path = made.path
        self.pathHorizon = pathHorizon
        bytes = Array(writer.bytes[...])  // Without the room that was reserved.
    }

    /// Reads a record from bytes that nobody vouches for.
    ///
    /// - Returns: The record, and the revision that it is of.
    static func reading(
        _ bytes: [UInt8]
    ) throws(ByteDecodingError) -> (record: Self, revision: Revision) {
        let (made, pathHorizon) = try MountRevision.decode(bytes)
        return (Self(made, pathHorizon: pathHorizon), made.revision)
    }
}

extension MountRevision {
    fileprivate static func decode(
        _ bytes: [UInt8]
    ) throws(ByteDecodingError) -> (made: MountRevision, pathHorizon: Revision) {
        var reader = ByteReader(bytes)
        let path = try reader.byteString()
        let revision = Revision(try reader.counter("revision"))
        let madeAtUnixMS = try reader.integer(UInt64.self)
        let horizon = Revision(try reader.counter("revision"))
        let entry = try reader.optional(MountEntry.init(from:))
        try reader.finish()
        let isOfEntry = entry.map { $0.path == path && $0.modRevision == revision } ?? true
        guard horizon < revision, isOfEntry else {
            throw .invalid(what: "past revision of a mount", value: revision.rawValue)
        }
        let made = MountRevision(
            path: path,
            revision: revision,
            madeAtUnixMS: madeAtUnixMS,
            entry: entry
        )
        return (made, horizon)
    }
}
