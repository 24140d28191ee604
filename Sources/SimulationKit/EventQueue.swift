// SPDX-License-Identifier: Apache-2.0

/// What is still to happen, earliest first; what is due at the same time keeps the order of asking.
///
/// A heap of four children a node: O(log n) for each event added or taken, in half the levels of a
/// binary one. Only times and places move in it, the events stay where they are.
struct EventQueue<Event: Sendable>: Sendable {
    private struct Slot: Sendable {
        let timeUS: UInt64
        let order: UInt64
        let place: Int

        func isBefore(_ other: Slot) -> Bool {
            timeUS != other.timeUS ? timeUS < other.timeUS : order < other.order
        }
    }

    private var heap: [Slot] = []
    private var events: [Event?] = []
    private var freePlaces: [Int] = []
    private var added: UInt64 = 0

    private static var arity: Int { 4 }

    /// Adds an event that is due at `timeUS`, in microseconds since the world began.
    mutating func add(_ event: Event, at timeUS: UInt64) {
        added += 1
        let place = freePlaces.popLast() ?? events.count
        if place == events.count { events.append(event) } else { events[place] = event }
        let slot = Slot(timeUS: timeUS, order: added, place: place)
        heap.append(slot)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / Self.arity
            guard slot.isBefore(heap[parent]) else { break }
            heap[child] = heap[parent]
            child = parent
        }
        heap[child] = slot
    }

    /// Takes out the next event; `nil` if none is due by `deadlineUS`.
    mutating func next(by deadlineUS: UInt64) -> (timeUS: UInt64, event: Event)? {
        guard let first = heap.first, first.timeUS <= deadlineUS, let moved = heap.popLast() else {
            return nil
        }
        if !heap.isEmpty { sink(moved) }
        guard let event = events[first.place].take() else {
            preconditionFailure("the event at \(first.timeUS) was taken before")
        }
        freePlaces.append(first.place)
        return (first.timeUS, event)
    }

    /// Puts a slot in at the root and lets it sink to its place.
    private mutating func sink(_ slot: Slot) {
        var parent = 0
        while let child = earliestChild(of: parent), heap[child].isBefore(slot) {
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = slot
    }

    private func earliestChild(of parent: Int) -> Int? {
        let first = Self.arity * parent + 1
        guard first < heap.count else { return nil }
        var earliest = first
        for child in first + 1..<min(first + Self.arity, heap.count)
        where heap[child].isBefore(heap[earliest]) {
            earliest = child
        }
        return earliest
    }
}
