// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import LogStorage
package import Primitives

/// Why a cluster cannot be recovered from a data directory; nothing in it has been changed.
package enum RecoveryError: Error, Sendable, Equatable {
    case directory(DataDirectoryError)
    /// No worker has used the directory.
    case noStore(String)
    /// Its store belongs to no cluster.
    case noMember(String)
    /// It has no vote: what it knows it was told.
    case noVoter(String)
    case log(String, LogStorageError)
    /// An entry or a snapshot is not what this release understands.
    case unreadable(String, ByteDecodingError)
    /// Neither its log nor its checkpoint holds the catalog of its cluster.
    case noCatalog(String)
    /// The catalog is not one that a cluster can go on from.
    case unfit(String, CatalogRefusal)

    /// Whether the directory is refused for what it is, not for a failing disk.
    package var isRefusal: Bool {
        switch self {
        case .directory(.io), .log(_, .io), .log(_, .deadDisk), .log(_, .full), .log(_, .stopped):
            false
        default: true
        }
    }
}

extension RecoveryError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .directory(let error): "\(error)"
        case .noStore(let path): "no worker has used data-dir \(path); name that of a voter"
        case .noMember(let path): "the worker of data-dir \(path) belongs to no cluster"
        case .noVoter(let path):
            "the worker of data-dir \(path) has no vote. Where no voter's data-dir is left, restore "
                + "the newest file of its backups directory with tarn cluster restore"
        case .log(let path, let error): "data-dir \(path): \(error)"
        case .unreadable(let path, let error):
            "the log in data-dir \(path) cannot be read (\(error)); was it written by a newer release?"
        case .noCatalog(let path): "data-dir \(path) holds no catalog of its cluster"
        case .unfit(let path, let refusal):
            "the catalog in data-dir \(path) cannot be gone on from: \(refusal)"
        }
    }
}
