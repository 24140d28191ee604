// SPDX-License-Identifier: Apache-2.0
package import Primitives
import RaftCore
import SystemIO
package import SystemPackage

/// How a voter whose log can never be used again goes on as a new store.
///
///     voter with a log ──replaceStore──▶ identity: new store, lost one ──▶ log ⇒ quarantined-<time>
///
/// The identity is the step that counts, and is first: from then on the log is another store's and
/// nobody votes with it. A start that finds it still in its place finishes the move. In the other
/// order a crash in between would leave a voter without a log, which nothing tells from an erased one.
extension DataDirectory {
    /// What a data directory lets a worker start as.
    package enum Opening: Sendable, Hashable {
        /// A store that no cluster knows.
        case fresh
        /// A store with a place in a cluster.
        case member(StoreIdentity.Membership)
        /// A store that no cluster knows, in the place of a voter's that was given up: the worker joins
        /// that cluster again, under its name, and no other.
        case lostStore(LostStore)
    }

    package var opening: Opening {
        let identity = identity
        if let membership = identity.membership { return .member(membership) }
        return identity.lost.map(Opening.lostStore) ?? .fresh
    }

    static let quarantinePrefix = "quarantined-"

    /// Quarantined logs kept.
    ///
    /// An older one may go: its store was followed by one that a quorum, which had everything, made a
    /// voter; only a voter's log is ever set aside.
    static let quarantineCount = 2

    static func isQuarantine(_ name: String) -> Bool {
        name.hasPrefix(quarantinePrefix)
            && UInt64(name.dropFirst(quarantinePrefix.count)) != nil
    }

    /// Logs set aside, oldest first.
    package static func quarantines(at path: FilePath) throws(Errno) -> [String] {
        try Directory.names(in: path).filter(isQuarantine).sorted {
            ($0.count, $0) < ($1.count, $1)
        }
    }

    /// Gives a voter's store up for a new one, durably, and sets its log aside.
    ///
    /// - Parameters:
    ///   - finding: What is wrong with the log.
    ///   - seconds: Since 1970, for the quarantine's name.
    ///   - makeStore: Draws the new store's id.
    /// - Returns: The store that was lost, and the names of old quarantines that were removed.
    /// - Throws: ``DataDirectoryError/io(path:_:)``; a start finishes what was begun.
    package func replaceStore(
        _ finding: RecoveryFinding,
        atSeconds seconds: UInt64,
        makeStore: () -> StoreID
    ) throws(DataDirectoryError) -> (lost: LostStore, removed: [String]) {
        guard let membership = identity.membership, membership.role == .voter else {
            preconditionFailure("only a voter's log is given up")
        }
        let taken = try Self.io(path, "list", "") { () throws(Errno) in
            try Self.quarantines(at: path)
        }
        let newest = taken.last.flatMap { UInt64($0.dropFirst(Self.quarantinePrefix.count)) } ?? 0
        let lost = LostStore(
            cluster: membership.cluster,
            voter: Voter(node: membership.node, store: identity.store),
            finding: finding,
            quarantine: Self.quarantinePrefix + "\(max(seconds, newest + 1))"
        )
        try replaceIdentity(
            StoreIdentity(store: makeStore(), name: identity.name, lost: lost)
        )
        try finishSettingAside()
        try withdrawCondemnation()  // It went with the log.
        return (lost, try removeOldQuarantines())
    }

    /// Moves a given-up log aside, unless that was done before.
    func finishSettingAside() throws(DataDirectoryError) {
        guard case .lostStore(let lost) = opening else { return }
        try Self.io(path, "rename", Self.logName) { () throws(Errno) in
            let names = try Directory.names(in: path)
            guard names.contains(Self.logName), !names.contains(lost.quarantine) else { return }
            try Directory.rename(logPath, to: path.appending(lost.quarantine))
            try Directory.sync(path)
        }
    }

    private func removeOldQuarantines() throws(DataDirectoryError) -> [String] {
        try Self.io(path, "remove", Self.quarantinePrefix) { () throws(Errno) in
            let old = try Self.quarantines(at: path).dropLast(Self.quarantineCount)
            for name in old {
                let directory = path.appending(name)
                for file in try Directory.names(in: directory) {
                    try Directory.unlink(directory.appending(file))
                }
                try Directory.remove(directory)
            }
            if !old.isEmpty { try Directory.sync(path) }
            return Array(old)
        }
    }
}
