// SPDX-License-Identifier: Apache-2.0
import Codecs
import Primitives
import Synchronization

/// Counts down to zero.
final class CounterBox: Sendable {
    private let state: Mutex<Int>

    init(_ count: Int) { state = Mutex(count) }

    /// Whether it was above zero.
    func decrement() -> Bool {
        state.withLock { count in
            defer { count = max(0, count - 1) }
            return count > 0
        }
    }
}

/// Page reads that workers were asked for.
final class Gathered: Sendable {
    private let state = Mutex<[(node: NodeID, read: PageReadRequest)]>([])

    func add(_ asked: [(node: NodeID, request: PageRequest)]) {
        state.withLock { state in
            for (node, request) in asked {
                if case .read(let read) = request { state.append((node, read)) }
            }
        }
    }

    var all: [(node: NodeID, read: PageReadRequest)] { state.withLock { $0 } }
    var pages: [UInt32] { all.map(\.read.page) }
}
