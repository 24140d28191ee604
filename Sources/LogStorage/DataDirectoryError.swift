// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// Why a data directory is not used; nothing in it has been changed.
package enum DataDirectoryError: Error, Sendable, Equatable {
    /// Another process has it.
    case inUse(path: String)
    /// The path is something else than a directory.
    case notADirectory(path: String)
    /// There is no identity, but there are files that are not Tarn's.
    case foreignFiles(path: String, names: [String])
    /// There is a log, or another part of a store, but no identity.
    case identityLost(path: String, remains: [String])
    /// The identity is that of a voter, but its log is gone.
    case logLost(path: String, cluster: ClusterID, node: NodeID)
    /// The identity file is not what was written.
    case damagedIdentity(path: String, detail: String)
    /// A newer release wrote it.
    case newerFormat(path: String, found: UInt64, newest: UInt64)
    /// It belongs to another cluster than the one asked for.
    case foreignCluster(path: String, found: ClusterID, expected: ClusterID)
    /// The cluster knows this store under another name.
    case renamed(path: String, recorded: String, configured: String)
    /// The cluster has removed this store for good.
    case removed(path: String, cluster: ClusterID, node: NodeID)
    /// A call to the operating system failed.
    case io(path: String, IOFailure)
}

extension DataDirectoryError: CustomStringConvertible {
    /// What, which, why, what next.
    package var description: String {
        switch self {
        case .inUse(let path):
            "data-dir \(path) is in use by another process; stop that one, or give this worker "
                + "a directory of its own"
        case .notADirectory(let path):
            "data-dir \(path) is not a directory; name one that is, or one that does not exist yet"
        case .foreignFiles(let path, let names):
            "data-dir \(path) holds files that are not Tarn's (\(Self.list(names))) and no "
                + "identity; name an empty directory"
        case .identityLost(let path, let remains):
            "data-dir \(path) has lost its identity file but still holds \(Self.list(remains)): "
                + "half erased. Restore the file, or empty the directory and let the worker join "
                + "as a new one"
        case .logLost(let path, let cluster, let node):
            "data-dir \(path) is that of voter \(node) of cluster \(cluster), but its log is gone: "
                + "half erased. It must not vote again; empty the directory and let the worker "
                + "join as a new one"
        case .damagedIdentity(let path, let detail):
            "the identity file in data-dir \(path) is damaged (\(detail)); restore it, or empty "
                + "the directory and let the worker join as a new one"
        case .newerFormat(let path, let found, let newest):
            "data-dir \(path) has identity format \(found), this release reads up to \(newest); "
                + "start the release that wrote it, or a later one"
        case .foreignCluster(let path, let found, let expected):
            "data-dir \(path) belongs to cluster \(found), not to \(expected); join that cluster, "
                + "or name another directory"
        case .renamed(let path, let recorded, let configured):
            "data-dir \(path) belongs to worker '\(recorded)', not to '\(configured)': the cluster "
                + "knows it by that name; set name: \(recorded), or name another directory"
        case .removed(let path, let cluster, let node):
            "data-dir \(path) is that of \(node), which was removed from cluster \(cluster); "
                + "empty the directory and let the worker join as a new one"
        case .io(let path, let failure):
            "data-dir \(path): cannot \(failure.operation) '\(failure.file)': \(failure.errno)"
        }
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(5).joined(separator: ", ")
        return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
    }
}
