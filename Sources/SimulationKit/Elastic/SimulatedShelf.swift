// SPDX-License-Identifier: Apache-2.0

import PlacementCore
import Primitives

/// One page of one object of a world.
struct PageName: Hashable, Comparable, Sendable, CustomStringConvertible {
    let object: Int
    let page: UInt32

    static func < (left: Self, right: Self) -> Bool {
        (left.object, left.page) < (right.object, right.page)
    }

    var unit: UInt32 { PageGeometry.unit(ofPage: page) }
    var description: String { "\(object)/\(page)" }
}

/// A worker's disks, as far as pages go: what is on them, and what went for want of room.
///
/// Like the product's store it gives up whole objects, the one that was read the longest time ago first,
/// and remembers which pages those were.
struct SimulatedShelf: Sendable {
    struct Stored: Sendable {
        let value: UInt64
        let atUS: UInt64
    }

    struct Object: Sendable {
        /// What was written, by page.
        var pages: [UInt32: Stored] = [:]
        var readAtUS: UInt64 = 0
        var heat: UInt64 = 0
    }

    private(set) var objects: [Int: Object] = [:]
    private(set) var count = 0
    /// When each page went that is not here any more.
    private(set) var evictedAtUS: [PageName: UInt64] = [:]
    let capacity: Int
    /// While it is full of something else.
    var isFull = false

    init(capacity: Int) { self.capacity = capacity }

    func value(of name: PageName) -> UInt64? {
        objects[name.object]?.pages[name.page]?.value
    }

    /// Since when it has been here; `nil`: it is not.
    func storedAtUS(_ name: PageName) -> UInt64? {
        objects[name.object]?.pages[name.page]?.atUS
    }

    func contains(_ name: PageName) -> Bool { value(of: name) != nil }

    /// Whether a page fits without another's going.
    var hasRoom: Bool { !isFull && count < capacity }

    mutating func touch(_ name: PageName, atUS nowUS: UInt64) {
        objects[name.object]?.readAtUS = nowUS
        objects[name.object]?.heat += 1
    }

    /// Stores a page; `false` where it does not fit.
    mutating func write(
        _ name: PageName,
        _ value: UInt64,
        onlyFree: Bool,
        atUS nowUS: UInt64
    ) -> Bool {
        if contains(name) { return true }
        while !hasRoom {
            guard !onlyFree, !isFull, evictOldest(but: name.object, atUS: nowUS) else {
                return false
            }
        }
        objects[name.object, default: Object(readAtUS: nowUS)].pages[name.page] = Stored(
            value: value,
            atUS: nowUS
        )
        evictedAtUS[name] = nil
        count += 1
        return true
    }

    func wasEvicted(_ name: PageName) -> Bool { evictedAtUS[name] != nil }

    /// Whether a page is here, or was since then and had to go.
    func hasHad(_ name: PageName, sinceUS: UInt64) -> Bool {
        contains(name) || (evictedAtUS[name] ?? 0) > sinceUS
    }

    private mutating func evictOldest(but kept: Int, atUS nowUS: UInt64) -> Bool {
        let oldest = objects.filter { $0.key != kept }
            .min { ($0.value.readAtUS, $0.key) < ($1.value.readAtUS, $1.key) }
        guard let oldest else { return false }
        for page in oldest.value.pages.keys {
            evictedAtUS[PageName(object: oldest.key, page: page)] = nowUS
        }
        count -= oldest.value.pages.count
        objects[oldest.key] = nil
        return true
    }

    /// Lets go of an object unless it has pages beyond `pages`, one bit each by unit; what went.
    mutating func remove(_ object: Int, ifAmong pages: [UInt32: UInt64]) -> [DroppedPage] {
        guard units(of: object).allSatisfy({ $0.pages & ~pages[$0.unit, default: 0] == 0 }) else {
            return []
        }
        let gone = names(of: object).map {
            DroppedPage(name: $0, storedAtUS: storedAtUS($0) ?? 0)
        }
        count -= gone.count
        objects[object] = nil
        return gone
    }

    /// In rising order.
    var names: [PageName] { objects.keys.sorted().flatMap(names(of:)) }

    private func names(of object: Int) -> [PageName] {
        (objects[object]?.pages.keys.sorted() ?? []).map { PageName(object: object, page: $0) }
    }

    /// One bit a page, by unit, in rising order.
    func units(of object: Int) -> [(unit: UInt32, pages: UInt64)] {
        var found: [(unit: UInt32, pages: UInt64)] = []
        for name in names(of: object) {
            let bit = UInt64(1) << UInt64(name.page % PageGeometry.pagesPerUnit)
            if found.last?.unit == name.unit {
                found[found.count - 1].pages |= bit
            } else {
                found.append((name.unit, bit))
            }
        }
        return found
    }
}
