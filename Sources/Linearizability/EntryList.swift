// SPDX-License-Identifier: Apache-2.0

/// Begins and ends of answered operations in the order of time, as a list that they leave and rejoin.
///
/// Lifting takes an operation out in O(1); unlifting puts it back where it was, if operations are put
/// back in the reverse order (Knuth's dancing links).
struct EntryList {
    enum Kind {
        case begin
        case end
    }

    /// Begin of operation `p` is entry `p`, its end `count + p`; the head is the last one.
    private let count: Int
    private var next: [Int]
    private var previous: [Int]

    /// - Parameter times: When each operation began and ended.
    init(_ times: [(beganAt: UInt64, endedAt: UInt64)]) {
        count = times.count
        let head = 2 * times.count
        var entries: [(time: UInt64, isEnd: Int, entry: Int)] = []
        for (position, time) in times.enumerated() {
            entries.append((time.beganAt, 0, position))
            entries.append((time.endedAt, 1, count + position))
        }
        // At one time begins come first, so that the operations are concurrent.
        entries.sort { $0 < $1 }

        next = Array(repeating: head, count: head + 1)
        previous = Array(repeating: head, count: head + 1)
        var last = head
        for entry in entries.map(\.entry) {
            next[last] = entry
            previous[entry] = last
            last = entry
        }
        next[last] = head
        previous[head] = last
    }

    /// The entry behind `entry`; `nil` at the end.
    func after(_ entry: Int) -> Int? {
        next[entry] == head ? nil : next[entry]
    }

    var first: Int? { after(head) }

    func kind(_ entry: Int) -> Kind { entry < count ? .begin : .end }

    /// Operations that began before the first end: those that may come next.
    var candidates: [Int] {
        var found: [Int] = []
        var entry = first
        while let current = entry, kind(current) == .begin {
            found.append(current)
            entry = after(current)
        }
        return found
    }

    /// The operation that ends first; `nil` if none is left.
    var firstToEnd: Int? {
        var entry = first
        while let current = entry {
            if kind(current) == .end { return current - count }
            entry = after(current)
        }
        return nil
    }

    mutating func lift(_ position: Int) {
        unlink(position)
        unlink(count + position)
    }

    mutating func unlift(_ position: Int) {
        relink(count + position)
        relink(position)
    }

    // MARK: - Private

    private var head: Int { 2 * count }

    private mutating func unlink(_ entry: Int) {
        next[previous[entry]] = next[entry]
        previous[next[entry]] = previous[entry]
    }

    private mutating func relink(_ entry: Int) {
        next[previous[entry]] = entry
        previous[next[entry]] = entry
    }
}
