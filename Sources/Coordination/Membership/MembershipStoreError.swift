// SPDX-License-Identifier: Apache-2.0
package import LogStorage
package import SystemPackage

/// Why a worker's disk cannot be used, in words that say what to do next.
package enum MembershipStoreError: Error, Sendable, Equatable {
    case directory(DataDirectoryError)
    /// The voter's log refuses.
    case log(LogStorageError)
    /// The log is beyond repair, and no other voter is known that has what it held.
    case onlyVoter(RecoveryRefusal)
    /// The catalog's checkpoint cannot be read or written.
    case checkpoint(FilePath, Errno)
    /// The intent of an earlier init cannot be read.
    case intent(String)

    /// Whether the directory is refused for what it is, not for a failing disk.
    package var isRefusal: Bool {
        switch self {
        case .directory(.io), .log(.io), .log(.deadDisk), .log(.full), .log(.stopped), .checkpoint:
            false
        case .directory, .log, .onlyVoter, .intent: true
        }
    }
}

extension MembershipStoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .directory(let error): "\(error)"
        case .log(let error): "\(error)"
        case .onlyVoter(let refusal):
            "\(refusal.facts). This is its cluster's only voter, as far as its files say: no other "
                + "worker has what is missing, and nothing was changed. Put a copy of the data-dir "
                + "in its place, or start a new cluster in an empty one; tarn doctor --data-dir "
                + "says the same without a start"
        case .checkpoint(let path, let errno): "the checkpoint \(path) failed: \(errno)"
        case .intent(let detail):
            "the init begun here earlier cannot be read (\(detail)); run init on another worker"
        }
    }
}
