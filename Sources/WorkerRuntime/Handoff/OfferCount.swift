// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// How many offers a worker takes pages of now.
final class OfferCount: Sendable {
    private let count = Atomic(0)

    /// Counts one more; `false` where there are `limit` already.
    func begin(limit: Int) -> Bool {
        guard count.add(1, ordering: .relaxed).newValue <= limit else {
            end()
            return false
        }
        return true
    }

    func end() { count.subtract(1, ordering: .relaxed) }
}
