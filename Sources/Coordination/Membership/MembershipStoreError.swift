// SPDX-License-Identifier: Apache-2.0
package import LogStorage
package import SystemPackage

/// Why a data directory cannot be used, in words that say what to do next.
package enum MembershipStoreError: Error, Sendable, Equatable {
    /// Another process holds the directory.
    case inUse(FilePath)
    /// Files that are not Tarn's lie in it.
    case foreignFiles(FilePath, example: String)
    /// Parts are there, parts are missing: which.
    case halfErased(FilePath, missing: String)
    /// The identity file is damaged.
    case damaged(FilePath)
    /// Written by a newer release.
    case newer(FilePath, version: UInt64)
    /// The directory belongs to a worker of another name.
    case otherName(FilePath, found: String, configured: String)
    /// The log refuses to be opened.
    case log(LogStorageError)
    /// The kernel said no.
    case io(Errno, operation: String, FilePath)
}

extension MembershipStoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .inUse(let path):
            "data-dir \(path) is in use by another process; stop it first, or use another directory"
        case .foreignFiles(let path, let example):
            """
            data-dir \(path) is not empty and not Tarn's (it holds '\(example)'); use an empty \
            directory
            """
        case .halfErased(let path, let missing):
            """
            data-dir \(path) is half erased: \(missing); restore it from where it went, or start \
            with an empty directory as a new worker
            """
        case .damaged(let path):
            "\(path) is damaged: its checksum is wrong; start with an empty directory as a new worker"
        case .newer(let path, let version):
            "\(path) has format \(version), which a newer release wrote; start that release"
        case .otherName(let path, let found, let configured):
            """
            data-dir \(path) belongs to worker '\(found)', this one is configured as \
            '\(configured)'; correct 'name' or 'data-dir'
            """
        case .log(let error): "\(error)"
        case .io(let errno, let operation, let path): "\(operation) of \(path) failed: \(errno)"
        }
    }
}
