// SPDX-License-Identifier: Apache-2.0
package import LogStorage
package import SystemPackage

/// Why a worker's disk cannot be used, in words that say what to do next.
package enum MembershipStoreError: Error, Sendable, Equatable {
    case directory(DataDirectoryError)
    /// The voter's log refuses.
    case log(LogStorageError)
    /// The catalog's checkpoint cannot be read or written.
    case checkpoint(FilePath, Errno)
    /// The intent of an earlier init cannot be read.
    case intent(String)

    /// Whether the directory is refused for what it is, not for a failing disk.
    package var isRefusal: Bool {
        switch self {
        case .directory(.io), .log(.io), .log(.stopped), .checkpoint: false
        case .directory, .log, .intent: true
        }
    }
}

extension MembershipStoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .directory(let error): "\(error)"
        case .log(let error): "\(error)"
        case .checkpoint(let path, let errno): "the checkpoint \(path) failed: \(errno)"
        case .intent(let detail):
            "the init begun here earlier cannot be read (\(detail)); run init on another worker"
        }
    }
}
