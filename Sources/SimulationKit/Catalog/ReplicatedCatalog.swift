// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import RaftCore

/// A replica of production's catalog, what its watchers may ask for, and how far in the log both are.
///
/// ```
///   chronicle   state i41 ── state i42 ── state i43        each made once, and never changed
///                              ▲    ▲
///   nodes                     n1    n3      n2: a state of its own, since its snapshot or a fault
/// ```
/// What a command makes of a state hangs on the two alone. So nodes that have come the same way share
/// one state, as they share payloads; whoever began with a snapshot, is late, or whose memory a fault
/// struck applies for itself, and now and then the others do (``World/apply(_:_:_:)``).
struct ReplicatedCatalog {
    /// A class, so that a state that several hold is one.
    private final class State {
        var catalog: Catalog
        var history: ChangeHistory

        init(_ catalog: Catalog, _ history: ChangeHistory) {
            self.catalog = catalog
            self.history = history
        }
    }

    /// The last entry whose effect it holds.
    private(set) var applied = LogIndex.zero
    /// Whether it is the chronicle's own state, and not only an equal one.
    private(set) var isShared = true
    private var state: State

    /// Outcomes remembered, bytes of former mounts, and revisions for watchers: few, so that all three
    /// bounds are met within a world.
    private static let repetitionLimit = 40
    private static let mountHistoryBytes = 8 << 10
    private static let revisionLimit = 60

    /// Nothing, at the beginning of the log.
    init() {
        let catalog = Catalog(
            repetitionLimit: Self.repetitionLimit,
            mountHistoryByteLimit: Self.mountHistoryBytes
        )
        state = State(catalog, Self.history(of: catalog))
    }

    private static func history(of catalog: Catalog) -> ChangeHistory {
        ChangeHistory(
            after: catalog.revision,
            revisionLimit: revisionLimit,
            byteLimit: .max
        )
    }

    // MARK: - Applying

    /// What an entry asks of the catalog: its command, or which voters are in force from now on.
    static func command(in entry: LogEntry) throws(ByteDecodingError) -> CatalogCommand? {
        switch entry.kind {
        case .noop: return nil
        case .command: return try CatalogCommand(decoding: entry.payload)
        case .configuration:
            let voters = try VoterSet(decoding: entry.payload)
            return CatalogCommand(operation: .members(voters: voters.deciders.map(\.node)))
        }
    }

    /// Applies the next entry, for itself.
    ///
    /// - Returns: What its command did; `nil` if it has none.
    mutating func apply(
        _ command: CatalogCommand?,
        at index: LogIndex
    ) -> Catalog.Application? {
        applied = index
        isShared = false
        guard let command else { return nil }
        if !isKnownUniquelyReferenced(&state) { state = State(state.catalog, state.history) }
        let application = state.catalog.apply(command)
        state.history.append(application.changes)
        return application
    }

    /// The same, as the chronicle's: others may come to share it.
    func shared() -> Self {
        var shared = self
        shared.isShared = true
        return shared
    }

    // MARK: - What it holds

    var revision: Revision { state.catalog.revision }
    var elapsedMS: UInt64 { state.catalog.elapsedMS }
    var isFormed: Bool { state.catalog.cluster != nil }
    var digest: UInt64 { state.catalog.stateDigest }

    func mount(at path: ByteString) -> MountEntry? { state.catalog.mount(at: path) }

    func worker(id: NodeID) -> WorkerEntry? { state.catalog.worker(id: id) }

    // MARK: - What its watchers are told

    /// The first revision that can still be told.
    var oldest: Revision { state.history.oldest }

    func changes(from revision: Revision, limit: Int) -> ChangeHistory.Reading {
        state.history.changes(from: revision, limit: limit)
    }

    /// Watchers have to load the state anew.
    mutating func forgetChanges() {
        isShared = false
        state = State(state.catalog, Self.history(of: state.catalog))
    }

    // MARK: - Snapshots

    /// Its snapshot; `nil` where memory has changed what it holds, as in production.
    func encoded() -> [UInt8]? { state.catalog.isIntact ? state.catalog.encodeSnapshot() : nil }

    /// Begins with a snapshot of everything up to `applied`.
    init(decoding snapshot: [UInt8], at applied: LogIndex) throws(ByteDecodingError) {
        let catalog = try Catalog(
            decodingSnapshot: snapshot,
            repetitionLimit: Self.repetitionLimit,
            mountHistoryByteLimit: Self.mountHistoryBytes
        )
        state = State(catalog, Self.history(of: catalog))
        self.applied = applied
        isShared = false
    }

    /// Turns a bit of what it holds, as a cosmic ray would: in the version of a worker that nobody asks
    /// about, so that nobody is told anything wrong before it is found.
    mutating func flipBit(ofWorker node: NodeID) throws(ByteDecodingError) {
        // Read anew, so that no other state lies in the same memory; watchers keep what they had.
        let own = try Self(decoding: state.catalog.encodeSnapshot(), at: applied)
        own.state.history = state.history
        self = own
        guard var version = state.catalog.worker(id: node)?.version else { return }
        precondition(version.utf8.count > 15, "'\(version)' lies in the value itself")
        version.withUTF8 { text in
            // Safe because a text of more than 15 bytes, made by decoding, lies in memory that may be
            // written; only this state refers to it.
            let bytes = unsafe UnsafeMutableBufferPointer(mutating: text)
            unsafe bytes[bytes.count - 1] ^= 1
        }
    }
}
