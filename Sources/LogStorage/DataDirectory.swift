// SPDX-License-Identifier: Apache-2.0
package import Primitives
import Synchronization
import SystemIO
package import SystemPackage

/// A worker's data directory: locked, identified, and either whole or refused.
///
///     <data-dir>/lock       held by flock as long as this object lives
///     <data-dir>/identity   ``StoreIdentity``
///     <data-dir>/log/       ``LogStorage`` of a voter
///     <data-dir>/condemned  ``Condemnation`` of that log, from when it was found to be one until it is gone
///     <data-dir>/quarantined-<seconds>/  a log that can never be used again
///     <data-dir>/backups/   copies of the catalog, see `Docs/operations/recovery.md`
///
/// A directory is new (empty: gets a store of its own), ours, or refused with one
/// ``DataDirectoryError`` a reason. A voter's log is made before its role is written, so a voter
/// without a log was erased.
package final class DataDirectory: Sendable {
    package let path: FilePath
    private let lock: File
    let current: Mutex<StoreIdentity>
    /// What ``condemn(_:)`` has written down of this store; held while the file changes.
    let condemned = Mutex<Condemnation?>(nil)

    package static let identityName = "identity"
    package static let lockName = "lock"
    package static let logName = "log"
    /// Where copies of the catalog are kept; they may outlive the store that they are of.
    package static let backupsName = "backups"

    /// Names that may stand beside a missing identity: what a start leaves that was cut off before
    /// it wrote one, and what a file system puts into its root.
    private static let harmless: Set = [
        lockName, identityName + leftoverSuffix, "lost+found", "data.sock", backupsName,
    ]

    /// Names that only a store in use has.
    private static let remains: Set = [logName, "catalog", condemnationName]

    /// Opens a data directory, makes it if it is missing, and locks it.
    ///
    /// - Parameters:
    ///   - path: The directory; its parent must exist.
    ///   - name: The worker's configured name.
    ///   - makeStore: Draws an id for a new store; called only for an empty directory.
    /// - Throws: ``DataDirectoryError``; then nothing was changed but for the lock file.
    package init(
        at path: FilePath,
        name: String,
        makeStore: () -> StoreID
    ) throws(DataDirectoryError) {
        self.path = path
        try Self.makeDirectory(path)
        lock = try Self.takeLock(path)
        try Self.finishSuccession(in: path)
        let found = try Self.usableIdentity(in: path, name: name)
        let identity = found ?? StoreIdentity(store: makeStore(), name: name)
        current = Mutex(identity)
        if found == nil { try write(identity) }
        if identity.name != name { try update { $0.name = name } }
        try finishSettingAside()
        try readCondemnation()
    }

    /// Who this worker is.
    package var identity: StoreIdentity { current.withLock { $0 } }

    /// Who a directory says it belongs to, read without the lock; `nil` where it does not say.
    ///
    /// For the log alone: only who holds the lock may rely on it.
    package static func recordedIdentity(at path: FilePath) -> StoreIdentity? {
        try? read(path)
    }

    /// Where the voter's log is; exists once ``makeLogDirectory()`` has been called.
    package var logPath: FilePath { path.appending(Self.logName) }

    /// Changes the identity, durably, as one step; returns when it is on the disk.
    ///
    /// A voter's log must exist before its role says so.
    package func update(
        _ change: (inout StoreIdentity) -> Void
    ) throws(DataDirectoryError) {
        try current.withLock { identity throws(DataDirectoryError) in
            var next = identity
            change(&next)
            precondition(next.store == identity.store, "a store keeps its id")
            if next.membership != nil { next.lost = nil }  // The cluster has taken it in.
            try write(next)
            identity = next
        }
    }

    /// Puts another store's identity in this one's place, durably.
    func replaceIdentity(_ next: StoreIdentity) throws(DataDirectoryError) {
        try current.withLock { identity throws(DataDirectoryError) in
            try write(next)
            identity = next
        }
    }

    /// Makes the directory of the voter's log, if it is missing.
    package func makeLogDirectory() throws(DataDirectoryError) {
        let logPath = logPath
        try Self.io(path, "create", Self.logName) { () throws(Errno) in
            try Directory.createDurably(logPath)
        }
    }

    /// Refuses if this store belongs to another cluster than `expected`.
    package func require(cluster expected: ClusterID) throws(DataDirectoryError) {
        guard let found = identity.membership?.cluster, found != expected else { return }
        throw .foreignCluster(path: path.string, found: found, expected: expected)
    }

    /// Looks at a directory as a start would, and changes nothing in it.
    ///
    /// One that is missing is fine, and one that another process has locked is too: that may be the
    /// very worker whose configuration is looked at.
    ///
    /// - Throws: ``DataDirectoryError``, what a start would refuse it for.
    package static func check(at path: FilePath, name: String) throws(DataDirectoryError) {
        let status: FileStatus
        do throws(Errno) {
            status = try FileStatus(of: path)
        } catch {
            guard error != .noSuchFileOrDirectory else { return }
            throw .io(path: path.string, IOFailure(operation: "look at", file: "", errno: error))
        }
        guard status.isDirectory else { throw .notADirectory(path: path.string) }
        _ = try usableIdentity(in: path, name: name)
    }

    // MARK: - Checks

    /// The identity of a whole store, or `nil` for a directory that may become one.
    private static func usableIdentity(
        in path: FilePath,
        name: String
    ) throws(DataDirectoryError) -> StoreIdentity? {
        let names = try io(path, "list", "") { () throws(Errno) in try Directory.names(in: path) }
        guard names.contains(identityName) else {
            try requireEmpty(path, names)
            return nil
        }
        let identity = try read(path)
        try requireWhole(path, identity, name: name)
        return identity
    }

    private static func requireWhole(
        _ path: FilePath,
        _ identity: StoreIdentity,
        name: String
    ) throws(DataDirectoryError) {
        guard let membership = identity.membership else {
            guard identity.lost == nil || identity.name == name else {
                throw .renamed(path: path.string, recorded: identity.name, configured: name)
            }
            return
        }
        let (cluster, node) = (membership.cluster, membership.node)
        switch membership.role {
        case .removed: throw .removed(path: path.string, cluster: cluster, node: node)
        case .voter where try !hasLog(path), .formerVoter where try !hasLog(path):
            throw .logLost(path: path.string, cluster: cluster, node: node)
        case .voter, .formerVoter, .observer: break
        }
        guard identity.name == name else {
            throw .renamed(path: path.string, recorded: identity.name, configured: name)
        }
    }

    /// Whether there is any file of a log; whether it is whole is for ``LogStorage`` to say.
    private static func hasLog(_ path: FilePath) throws(DataDirectoryError) -> Bool {
        let logPath = path.appending(logName)
        return try io(path, "list", logName) { () throws(Errno) in
            do throws(Errno) {
                return try !Directory.names(in: logPath).isEmpty
            } catch {
                guard error == .noSuchFileOrDirectory else { throw error }
                return false
            }
        }
    }

    private static func requireEmpty(
        _ path: FilePath,
        _ names: [String]
    ) throws(DataDirectoryError) {
        let unexpected = names.filter { !harmless.contains($0) }
        guard !unexpected.isEmpty else { return }
        let left = unexpected.filter { remains.contains($0) || isQuarantine($0) }
        guard left.isEmpty else { throw .identityLost(path: path.string, remains: left) }
        throw .foreignFiles(path: path.string, names: unexpected)
    }

    // MARK: - Files

    private static func makeDirectory(_ path: FilePath) throws(DataDirectoryError) {
        do throws(Errno) {
            try Directory.createDurably(path)
            guard try FileStatus(of: path).isDirectory else { throw Errno.notDirectory }
        } catch {
            if error == .fileExists || error == .notDirectory {
                throw .notADirectory(path: path.string)
            }
            throw .io(
                path: path.string,
                IOFailure(operation: "create", file: "", errno: error)
            )
        }
    }

    private static func takeLock(_ path: FilePath) throws(DataDirectoryError) -> File {
        do throws(Errno) {
            let file = try File(path.appending(lockName), .updateOrCreate)
            if try file.tryLock() { return file }
        } catch {
            throw .io(
                path: path.string,
                IOFailure(operation: "lock", file: lockName, errno: error)
            )
        }
        throw .inUse(path: path.string)
    }

    private static func read(_ path: FilePath) throws(DataDirectoryError) -> StoreIdentity {
        let bytes = try io(path, "read", identityName) { () throws(Errno) in
            try File(path.appending(identityName), .read)
                .read(at: 0, count: StoreIdentity.longestFile + 1)
        }
        do throws(ByteDecodingError) {
            return try StoreIdentity(decoding: bytes)
        } catch {
            if case .unsupportedVersion(_, let found, let newest) = error {
                throw .newerFormat(path: path.string, found: found, newest: newest)
            }
            throw .damagedIdentity(path: path.string, detail: "\(error)")
        }
    }

    private func write(_ identity: StoreIdentity) throws(DataDirectoryError) {
        do throws(IOFailure) {
            let bytes = identity.encoded()
            _ = try FileLogDirectory(path)
                .place(Self.identityName, bytes, byteCount: bytes.count)
        } catch {
            throw .io(path: path.string, error)
        }
    }

    static func io<Result>(
        _ path: FilePath,
        _ operation: String,
        _ file: String,
        _ body: () throws(Errno) -> Result
    ) throws(DataDirectoryError) -> Result {
        do throws(IOFailure) {
            return try failing(operation, file, body)
        } catch {
            throw .io(path: path.string, error)
        }
    }
}
