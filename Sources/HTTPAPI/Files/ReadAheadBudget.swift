// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// What all answers together may hold of files beyond the one piece that each is sending.
///
/// Nobody waits for it: an answer that gets nothing goes on piece by piece.
package final class ReadAheadBudget: Sendable {
    private let left: Mutex<Int>

    package init(bytes: Int) { left = Mutex(bytes) }

    /// `false`: nothing was taken.
    func take(_ byteCount: Int) -> Bool {
        left.withLock { left in
            guard left >= byteCount else { return false }
            left -= byteCount
            return true
        }
    }

    func giveBack(_ byteCount: Int) { left.withLock { $0 += byteCount } }

    package var bytesLeft: Int { left.withLock { $0 } }
}
