// SPDX-License-Identifier: Apache-2.0

/// What is still to happen, earliest first; what is due at the same time keeps the order of asking.
///
/// A binary heap: O(log n) for each event added or taken.
struct EventQueue<Event: Sendable>: Sendable {
    private struct Slot: Sendable {
        let timeUS: UInt64
        let order: UInt64
        let event: Event

        func isBefore(_ other: Slot) -> Bool {
            (timeUS, order) < (other.timeUS, other.order)
        }
    }

    private var heap: [Slot] = []
    private var added: UInt64 = 0

    /// Adds an event that is due at `timeUS`, in microseconds since the world began.
    mutating func add(_ event: Event, at timeUS: UInt64) {
        added += 1
        heap.append(Slot(timeUS: timeUS, order: added, event: event))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes out the next event; `nil` if none is due by `deadlineUS`.
    mutating func next(by deadlineUS: UInt64) -> (timeUS: UInt64, event: Event)? {
        guard let first = heap.first, first.timeUS <= deadlineUS else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while let child = earlierChild(of: parent), heap[child].isBefore(heap[parent]) {
            heap.swapAt(child, parent)
            parent = child
        }
        return (first.timeUS, first.event)
    }

    private func earlierChild(of parent: Int) -> Int? {
        let left = 2 * parent + 1
        guard left < heap.count else { return nil }
        let right = left + 1
        return right < heap.count && heap[right].isBefore(heap[left]) ? right : left
    }
}
