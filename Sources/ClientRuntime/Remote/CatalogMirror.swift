// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Primitives

/// Builds a catalog from the lines of watches: whole states and whole revisions, nothing in between.
///
/// ```
///   empty ── begin(.state) ─▶ loading ── progress ─▶ following ── change, progress ─▶ following
///                                ▲                      │
///                                └─── begin(.state) ────┘  after 410: the old one serves meanwhile
/// ```
///
/// Invariants:
/// 1. ``catalog`` changes only by a whole state, or by all changes of one revision together.
/// 2. Its revision never goes back.
struct CatalogMirror: Sendable {
    /// How a stream begins.
    enum Start: Sendable, Equatable {
        case state
        /// Inclusive.
        case from(Revision)
    }

    /// A line that cannot follow what came before it.
    enum Disorder: Error, Equatable {
        case unexpected(String)
        /// Key and value do not belong together.
        case mismatch(ByteString)
        /// More keys than any catalog has.
        case tooLarge
    }

    /// Keys of a state, or of one revision, at most.
    private static let keyLimit =
        CatalogLimits.mountCount + CatalogLimits.workerCount + CatalogLimits.credentialCount
        + 20_000

    private enum Phase: Sendable {
        case loading(Catalog, keyCount: Int)
        /// Changes of a revision whose last one has not come yet.
        case following(pending: [(key: ByteString, value: CatalogValue?)], of: Revision?)
    }

    /// `nil` until a first state was whole.
    private(set) var catalog: Catalog?
    private var phase = Phase.loading(Catalog(), keyCount: 0)

    /// What to ask for after what has been seen.
    var resumption: Start {
        guard let catalog else { return .state }
        return .from(catalog.revision.next)
    }

    /// A new stream begins; what an earlier one left unfinished is forgotten.
    mutating func begin(_ start: Start) {
        switch start {
        case .state: phase = .loading(Catalog(), keyCount: 0)
        case .from: phase = .following(pending: [], of: nil)
        }
    }

    /// Takes the next line; `true` when ``catalog`` is now complete up to a later moment than before.
    mutating func take(_ line: WatchedLine) throws(Disorder) -> Bool {
        switch (line, phase) {
        case (.state(let key, let value), .loading(var loading, let count)):
            guard count < Self.keyLimit else { throw .tooLarge }
            phase = .loading(Catalog(), keyCount: 0)  // The only reference: no copy at each line.
            if let value, !loading.mirror(key, value) { throw .mismatch(key) }
            phase = .loading(loading, keyCount: count + 1)
            return false
        case (.progress(let revision), .loading(var loaded, _)):
            guard revision >= catalog?.revision ?? .zero else {
                throw .unexpected("a state of revision \(revision), which is past")  // Invariant 2.
            }
            loaded.mirrored(upTo: revision)
            catalog = loaded
            phase = .following(pending: [], of: nil)
            return true
        case (
            .change(let revision, let key, let value, let hasMore), .following(let pending, let of)
        ):
            return try take(revision, key, value, hasMore: hasMore, behind: pending, of: of)
        case (.progress(let revision), .following(let pending, _)):
            guard pending.isEmpty else { throw .unexpected("progress within a revision") }
            if let catalog, revision > catalog.revision {
                self.catalog?.mirrored(upTo: revision)
            }
            return true
        case (.closed, _):
            return false
        case (.state, .following), (.change, .loading):
            throw .unexpected("\(line)")
        }
    }

    private mutating func take(
        _ revision: Revision,
        _ key: ByteString,
        _ value: CatalogValue?,
        hasMore: Bool,
        behind pending: [(key: ByteString, value: CatalogValue?)],
        of pendingRevision: Revision?
    ) throws(Disorder) -> Bool {
        guard var catalog, revision > catalog.revision,
            pendingRevision == nil || pendingRevision == revision
        else { throw .unexpected("a change of revision \(revision)") }
        guard pending.count < Self.keyLimit else { throw .tooLarge }

        let changes = pending + [(key, value)]
        guard !hasMore else {
            phase = .following(pending: changes, of: revision)
            return false
        }
        for change in changes {
            guard catalog.mirror(change.key, change.value) else { throw .mismatch(change.key) }
        }
        catalog.mirrored(upTo: revision)
        self.catalog = catalog
        phase = .following(pending: [], of: nil)
        return true
    }
}
