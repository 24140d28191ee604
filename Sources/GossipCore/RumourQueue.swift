// SPDX-License-Identifier: Apache-2.0
import Primitives

/// The rumours that are still to be told, each so often.
///
/// Told in turn, so that none is told twice before another was told once; a new one comes next.
/// Those of one member are replaced together by a newer claim.
struct RumourQueue: Sendable {
    private struct Entry: Sendable {
        let rumour: GossipRumour
        var sentCount: Int
    }

    private var entries: [Entry] = []
    /// Whose turn it is.
    private var next = 0

    var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.count }

    /// Takes up a rumour; of those of the same member only such as say the same claim stay.
    ///
    /// - Parameters:
    ///   - rumour: What to tell.
    ///   - told: As if it had been told so often.
    ///   - capacity: Rumours kept; one more drives out the one told most.
    /// - Returns: Whether one was driven out.
    mutating func add(_ rumour: GossipRumour, told: Int = 0, capacity: Int) -> Bool {
        remove { $0.node == rumour.node && ($0.claim != rumour.claim || $0 == rumour) }
        let isFull = entries.count >= capacity
        let most =
            isFull ? entries.indices.max { entries[$0].sentCount < entries[$1].sentCount } : nil
        if let most { remove(at: most) }
        entries.insert(Entry(rumour: rumour, sentCount: told), at: next)
        return isFull
    }

    func contains(_ node: NodeID) -> Bool { entries.contains { $0.rumour.node == node } }

    /// Takes the next rumours for one packet, and forgets those told often enough.
    mutating func take(_ limit: Int, sentLimit: Int) -> [GossipRumour] {
        let taken = min(limit, entries.count)
        guard taken > 0 else { return [] }
        var rumours: [GossipRumour] = []
        rumours.reserveCapacity(taken)
        var isWornOut = false
        for _ in 0..<taken {
            entries[next].sentCount += 1
            if entries[next].sentCount >= sentLimit { isWornOut = true }
            rumours.append(entries[next].rumour)
            next = next + 1 == entries.count ? 0 : next + 1
        }
        if isWornOut { removeEntries { $0.sentCount >= sentLimit } }
        return rumours
    }

    /// Forgets the rumours about these.
    mutating func remove(_ isUnwanted: (GossipRumour) -> Bool) {
        guard entries.contains(where: { isUnwanted($0.rumour) }) else { return }
        removeEntries { isUnwanted($0.rumour) }
    }

    private mutating func removeEntries(_ isUnwanted: (Entry) -> Bool) {
        let before = entries[..<next].count { isUnwanted($0) }
        entries.removeAll(where: isUnwanted)
        next -= before
        if next >= entries.count { next = 0 }
    }

    private mutating func remove(at place: Int) {
        entries.remove(at: place)
        if place < next { next -= 1 }
        if next >= entries.count { next = 0 }
    }
}
