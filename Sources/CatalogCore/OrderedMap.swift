// SPDX-License-Identifier: Apache-2.0

/// A map in the order of its keys, cheap to copy and cheap to change after a copy.
///
///     chunks:  [ [(k1,v1) … (k90,v90)], [(k91,v91) …], … ]   each 1...128 elements
///
/// Readers of the catalog hold copies while the next command changes the original. A plain sorted
/// array would then be copied whole at each write; here a write copies one chunk and the list of
/// chunks: for 100,000 elements about 1,600 references. Chunks split in two when full and vanish when
/// empty; neighbours are joined when together they fill half of one. An element is one reference
/// however much its value holds: a chunk of mounts is copied in a half to a third of the time that
/// its values took.
///
/// Invariants: keys strictly ascend within and across chunks; no chunk is empty.
struct OrderedMap<Key: Comparable & Sendable, Value: Sendable>: Sendable {
    typealias Element = (key: Key, value: Value)

    private static var chunkLimit: Int { 128 }

    /// One element, shared by every copy of the map.
    private final class Slot: Sendable {
        let key: Key
        let value: Value

        init(_ key: Key, _ value: Value) {
            self.key = key
            self.value = value
        }

        var element: Element { (key, value) }
    }

    private var chunks: [[Slot]] = []
    private(set) var count = 0

    init() {}

    var isEmpty: Bool { count == 0 }

    var first: Element? { chunks.first?.first?.element }

    /// O(log n).
    subscript(key: Key) -> Value? {
        let (position, isFound) = locate(key)
        return isFound ? chunks[position.chunk][position.offset].value : nil
    }

    /// The element of `key`, with the key as it is kept; O(log n).
    func element(_ key: Key) -> Element? {
        let (position, isFound) = locate(key)
        return isFound ? chunks[position.chunk][position.offset].element : nil
    }

    /// Sets the value of `key` and returns the one before; O(log n) and one chunk copied.
    @discardableResult
    mutating func set(_ key: Key, _ value: Value) -> Value? {
        let (position, isFound) = locate(key)
        if isFound {
            let old = chunks[position.chunk][position.offset].value
            chunks[position.chunk][position.offset] = Slot(key, value)
            return old
        }
        count += 1
        guard !chunks.isEmpty else {
            chunks = [[Slot(key, value)]]
            return nil
        }
        insert(Slot(key, value), at: position)
        return nil
    }

    /// Removes `key` and returns its value; O(log n) and one chunk copied.
    @discardableResult
    mutating func remove(_ key: Key) -> Value? {
        let (position, isFound) = locate(key)
        guard isFound else { return nil }
        count -= 1
        let removed = chunks[position.chunk].remove(at: position.offset)
        if chunks[position.chunk].isEmpty {
            chunks.remove(at: position.chunk)
        } else {
            joinNeighbours(of: position.chunk)
        }
        return removed.value
    }

    /// Calls `body` in order with every element from `key` on until it returns `false`.
    func forEach(from key: Key?, _ body: (Element) -> Bool) {
        var position = key.map { locate($0).position } ?? Position(chunk: 0, offset: 0)
        while position.chunk < chunks.count {
            for slot in chunks[position.chunk][position.offset...] where !body(slot.element) {
                return
            }
            position = Position(chunk: position.chunk + 1, offset: 0)
        }
    }

    /// Calls `body` in order with every element.
    func forEach(_ body: (Element) -> Void) {
        for chunk in chunks { for slot in chunk { body(slot.element) } }
    }

    // MARK: - Private

    private struct Position {
        var chunk: Int
        var offset: Int
    }

    /// Where `key` is, or where it belongs: behind the last element of a chunk rather than before
    /// the first of the next.
    private func locate(_ key: Key) -> (position: Position, isFound: Bool) {
        // The first chunk that begins behind `key`; `key` belongs to the one before it.
        let behind = partition(0..<chunks.count) { chunks[$0][0].key > key }
        guard behind > 0 else { return (Position(chunk: 0, offset: 0), false) }
        let chunk = chunks[behind - 1]
        let offset = partition(0..<chunk.count) { chunk[$0].key >= key }
        let isFound = offset < chunk.count && chunk[offset].key == key
        return (Position(chunk: behind - 1, offset: offset), isFound)
    }

    /// The first index at which `isBehind` holds, given that it holds from some index on.
    private func partition(_ range: Range<Int>, _ isBehind: (Int) -> Bool) -> Int {
        var low = range.lowerBound
        var high = range.upperBound
        while low < high {
            let middle = (low + high) / 2
            if isBehind(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private mutating func insert(_ element: Slot, at position: Position) {
        chunks[position.chunk].insert(element, at: position.offset)
        guard chunks[position.chunk].count > Self.chunkLimit else { return }
        // Keys that arrive in ascending order would leave half-filled chunks behind: keep the left
        // chunk full when the insertion was at the very end.
        let isAtEnd =
            position.chunk == chunks.count - 1 && position.offset == Self.chunkLimit
        let cut = isAtEnd ? Self.chunkLimit : Self.chunkLimit / 2
        let right = Array(chunks[position.chunk][cut...])
        chunks[position.chunk].removeSubrange(cut...)
        chunks.insert(right, at: position.chunk + 1)
    }

    private mutating func joinNeighbours(of index: Int) {
        for left in [index - 1, index] where left >= 0 && left + 1 < chunks.count {
            guard chunks[left].count + chunks[left + 1].count <= Self.chunkLimit / 2 else {
                continue
            }
            chunks[left].append(contentsOf: chunks[left + 1])
            chunks.remove(at: left + 1)
            return
        }
    }
}
