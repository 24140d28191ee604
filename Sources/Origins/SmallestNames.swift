// SPDX-License-Identifier: Apache-2.0
import Primitives

/// Keeps the `limit` smallest of all names it is shown, in memory for `limit`.
///
/// A binary heap with the largest on top: `heap[i] >= heap[2i + 1]` and `heap[2i + 2]`. Costs
/// O(log limit) a name, and one comparison for a name that is too large.
struct SmallestNames {
    private let limit: Int
    private var heap: [ByteString] = []

    init(limit: Int) {
        self.limit = max(limit, 1)
    }

    var ascending: [ByteString] { heap.sorted() }

    mutating func insert(_ name: ByteString) {
        if heap.count < limit {
            heap.append(name)
            riseFromEnd()
        } else if let largest = heap.first, name < largest {
            heap[0] = name
            sinkFromTop()
        }
    }

    private mutating func riseFromEnd() {
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[parent] < heap[child] else { return }
            heap.swapAt(parent, child)
            child = parent
        }
    }

    private mutating func sinkFromTop() {
        var parent = 0
        while true {
            var largest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[largest] < heap[child] { largest = child }
            }
            guard largest != parent else { return }
            heap.swapAt(parent, largest)
            parent = largest
        }
    }
}
