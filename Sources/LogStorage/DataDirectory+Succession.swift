// SPDX-License-Identifier: Apache-2.0
import Primitives
import Synchronization
import SystemIO
package import SystemPackage

/// How a voter's store goes over to a cluster that goes on from its own.
///
///     log, identity ──prepare──▶ + log.next ──succeed──▶ + identity.next        the step that counts
///                    log ⇒ quarantined-<n>, log.next ⇒ log, identity.next ⇒ identity   ◀── finish
///
/// Before `identity.next` is there nothing has happened: what is left of an attempt is thrown away by
/// the next one. From then on there is no way back, and every start first finishes what is left to do.
/// The old log is kept, as one of a store that was given up.
extension DataDirectory {
    static let nextIdentityName = "identity.next"
    static let nextLogName = "log.next"

    /// Makes an empty directory for the log of the new cluster, and returns it.
    ///
    /// - Throws: ``DataDirectoryError/io(path:_:)``.
    package func prepareSuccession() throws(DataDirectoryError) -> FilePath {
        let next = path.appending(Self.nextLogName)
        try Self.io(path, "empty", Self.nextLogName) { () throws(Errno) in
            try Directory.createDurably(next)
            for name in try Directory.names(in: next) {
                try Directory.unlink(next.appending(name))
            }
        }
        return next
    }

    /// Puts the log that was made in ``prepareSuccession()`` in the place of the old one, and this store
    /// into its cluster, durably and as one step.
    ///
    /// - Parameters:
    ///   - membership: The store's place in the new cluster.
    ///   - seconds: Since 1970, for the old log's new name.
    /// - Throws: ``DataDirectoryError/io(path:_:)``; a start finishes what was begun.
    package func succeed(
        as membership: StoreIdentity.Membership,
        atSeconds seconds: UInt64
    ) throws(DataDirectoryError) {
        let (path, store) = (path, identity)
        let next = StoreIdentity(store: store.store, name: store.name, membership: membership)
        do throws(IOFailure) {
            let bytes = next.encoded()
            _ = try FileLogDirectory(path)
                .place(Self.nextIdentityName, bytes, byteCount: bytes.count)
        } catch {
            throw .io(path: path.string, error)
        }
        try Self.finishSuccession(in: path, atSeconds: seconds)
        current.withLock { $0 = next }
    }

    /// Does what is left to do of a succession; nothing where none was begun.
    static func finishSuccession(
        in path: FilePath,
        atSeconds seconds: UInt64 = 0
    ) throws(DataDirectoryError) {
        try io(path, "rename", nextIdentityName) { () throws(Errno) in
            let names = try Directory.names(in: path)
            guard names.contains(nextIdentityName) else { return }
            if names.contains(nextLogName) {
                if names.contains(logName) {
                    let old = path.appending(try freeQuarantine(in: path, seconds))
                    try Directory.rename(path.appending(logName), to: old)
                }
                try Directory.rename(path.appending(nextLogName), to: path.appending(logName))
                try Directory.sync(path)
            }
            try Directory.rename(
                path.appending(nextIdentityName),
                to: path.appending(identityName)
            )
            try Directory.sync(path)
        }
    }

    private static func freeQuarantine(
        in path: FilePath,
        _ seconds: UInt64
    ) throws(Errno) -> String {
        let newest = try quarantines(at: path).last
        let taken = newest.flatMap { UInt64($0.dropFirst(quarantinePrefix.count)) } ?? 0
        return quarantinePrefix + "\(max(seconds, taken + 1))"
    }
}
