// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOCore
import NIOPosix

extension Error {
    /// Whether a connection was refused, at every address that the name stands for: its machine runs,
    /// and nobody listens there.
    var isRefusal: Bool {
        switch self {
        case let error as NIOConnectionError:
            !error.connectionErrors.isEmpty
                && error.connectionErrors.allSatisfy { $0.error.isRefusal }
        case let error as IOError: error.errnoCode == ECONNREFUSED
        default: false
        }
    }
}
