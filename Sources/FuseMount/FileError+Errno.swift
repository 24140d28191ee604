// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import Glibc

extension FileError {
    /// What FUSE replies.
    ///
    /// The only translation, and without `default`: a new case does not compile until someone
    /// chooses here. Causes that an operator must see are `EIO` and stand in the log.
    var fuseErrno: CInt {
        switch self {
        case .notFound: ENOENT
        case .notADirectory: ENOTDIR
        case .isADirectory: EISDIR
        case .accessDenied: EACCES
        case .stale: ESTALE
        case .invalidPath: EINVAL
        case .rangeNotSatisfiable: EIO
        case .timedOut, .originTimedOut: ETIMEDOUT
        case .originFailed: EIO
        case .staleCatalog: EIO
        case .overloaded: EBUSY
        case .misconfigured, .unknownCredential: EIO
        case .corrupt: EIO
        }
    }

    /// Whether the log must name the cause because the errno alone does not.
    var needsLogging: Bool {
        switch self {
        case .notFound, .notADirectory, .isADirectory, .invalidPath: false
        case .accessDenied, .stale, .rangeNotSatisfiable, .timedOut, .originTimedOut,
            .originFailed, .staleCatalog, .overloaded, .misconfigured, .unknownCredential, .corrupt:
            true
        }
    }
}
