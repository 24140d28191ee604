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
/// 4. ``digest`` is the wrapping sum of the hashes that records had when they were made: what memory does
///    to one later shows when it is read, which then leaves it out, and before a snapshot is made.
struct MountHistory: Sendable {
    /// One revision as the bytes it is written with: a tenth of the memory of the entry.
    struct Record: Sendable {
        /// The same bytes for all records of a path.
        fileprivate(set) var path: ByteString
        /// Of this path, up to this revision nothing is known any more; 0: all is.
        let pathHorizon: Revision
        let bytes: [UInt8]
        /// Of ``bytes``, as they were made.
        let hash: UInt64

        /// Bytes that it counts for.
        var cost: Int { bytes.count + path.count + CatalogLimits.mountRevisionOverhead }

        var isIntact: Bool { Self.hash(bytes) == hash }
    }

    private(set) var records = OrderedMap<Revision, Record>()
    private var revisionsByPath = OrderedMap<ByteString, [Revision]>()
    /// Up to this revision records left for want of room, whatever their path.
    private(set) var horizon: Revision
    private(set) var digest: UInt64 = 0
    private(set) var byteCount = 0
    let byteLimit: Int

    init(byteLimit: Int, horizon: Revision = .zero) {
        self.byteLimit = byteLimit
        self.horizon = horizon
    }

    /// Adds what became of a path; its revision is newer than every one before.
    mutating func append(_ made: MountRevision) {
        var horizon = horizon(ofRecordsOf: made.path)
        let known = revisionsByPath[made.path] ?? []
        if known.count >= CatalogLimits.revisionsPerMount, let oldest = known.first {
            drop(oldest)
            horizon = oldest
        }
        insert(Record(made, pathHorizon: horizon), at: made.revision)
        while byteCount > byteLimit, let oldest = records.first, oldest.key != made.revision {
            self.horizon = oldest.key
            drop(oldest.key)
        }
    }

    /// Puts a record where it belongs, behind all others of its path.
    mutating func insert(_ record: Record, at revision: Revision) {
        let known = revisionsByPath.element(record.path)
        var record = record
        if let known { record.path = known.key }
        byteCount += record.cost
        digest &+= record.hash
        records.set(revision, record)
        revisionsByPath.set(record.path, (known?.value ?? []) + [revision])
    }

    /// Of a path, oldest first; what memory has changed is left out.
    func revisions(of path: ByteString) -> [MountRevision] {
        (revisionsByPath[path] ?? []).compactMap { revision in
            guard let record = records[revision], record.isIntact else { return nil }
            return try? MountRevision.decode(record.bytes).made
        }
    }

    /// Whether every record is what it was made as; O(size).
    var isIntact: Bool {
        var sum: UInt64 = 0
        records.forEach { if $0.value.isIntact { sum &+= $0.value.hash } }
        return sum == digest
    }

    /// Up to this revision nothing is known of the path any more; 0: all is.
    func horizon(of path: ByteString) -> Revision { max(horizon, horizon(ofRecordsOf: path)) }

    // MARK: - Private

    /// The newest record of a path knows it: that one leaves last.
    private func horizon(ofRecordsOf path: ByteString) -> Revision {
        revisionsByPath[path]?.last.flatMap { records[$0]?.pathHorizon } ?? .zero
    }

    /// Takes away the oldest record of its path.
    private mutating func drop(_ revision: Revision) {
        guard let record = records.remove(revision) else { return }
        byteCount -= record.cost
        digest &-= record.hash
        let rest = (revisionsByPath[record.path] ?? []).filter { $0 != revision }
        if rest.isEmpty {
            revisionsByPath.remove(record.path)
        } else {
            revisionsByPath.set(record.path, rest)
        }
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
        bytes = writer.exactBytes
        hash = Self.hash(bytes)
    }

    /// With a seed of its own, so that equal bytes of another kind do not cancel out.
    private static func hash(_ bytes: [UInt8]) -> UInt64 { XXH64.hash(bytes, seed: 8) }

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
