// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import NIOHTTP1
import Synchronization

/// The one kind of body that may be long: a backup, on its way to a worker that has no cluster yet.
///
/// One at a time in the whole process, so that what clients can make it hold has a bound.
final class BackupUploads: Sendable {
    static let target = "/v1/cluster/restore"

    private let isWanted: @Sendable () -> Bool
    private let isTaken = Mutex(false)

    /// `isWanted` is asked when a body is announced.
    init(isWanted: @escaping @Sendable () -> Bool) { self.isWanted = isWanted }

    /// Takes the place of the one long body, if the request is for it.
    ///
    /// - Returns: Bytes that the body may have; `nil` if it is one like any other.
    func begin(_ head: HTTPRequestHead) -> Int? {
        guard head.method == .POST, head.uri == Self.target, isWanted() else { return nil }
        return isTaken.withLock { isTaken in
            guard !isTaken else { return nil }
            isTaken = true
            return CatalogBackup.longestFile
        }
    }

    /// The body is whole, or its connection gone.
    func end() { isTaken.withLock { $0 = false } }
}
