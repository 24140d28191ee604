// SPDX-License-Identifier: Apache-2.0
/// Decides which object goes next: SIEVE, with objects weighed in bytes.
///
///     newest → [ ] [v] [ ] [ ] [v] [ ] ← oldest
///                      ↑ hand, moving towards the newest
///
/// The hand walks from the oldest to the newest object: one that was visited since the hand came by
/// is spared and unmarked, the first that was not is evicted. New objects join at the newest end and
/// are not moved when they are read.
///
/// *Visited* means: since the hand came by, more bytes of it were read than it holds. So one pass
/// over a data set, however many reads it takes, spares nothing, and a second pass does.
///
/// - Complexity: every operation O(1), eviction amortised.
/// - Source: Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024.
package struct EvictionQueue<Value: Sendable>: Sendable {
    /// Names an object in the queue, until it is evicted or removed.
    package struct Ticket: Hashable, Sendable {
        fileprivate let slot: Int
        /// Tells a slot's tenants apart, so that a late touch hits nobody.
        fileprivate let generation: UInt64
    }

    private struct Node: Sendable {
        var value: Value?
        var generation: UInt64 = 0
        /// Towards the newest; `nil` for the newest.
        var newer: Int?
        /// Towards the oldest; `nil` for the oldest.
        var older: Int?
        var byteCount: UInt64 = 0
        /// Since the hand came by.
        var readByteCount: UInt64 = 0
    }

    private var nodes: [Node] = []
    private var vacant: [Int] = []
    private var newest: Int?
    private var oldest: Int?
    /// Where to look for the next victim; `nil`: at the oldest.
    private var hand: Int?

    /// Objects in the queue.
    package private(set) var count = 0

    package init() {}

    /// Adds an object as the newest.
    package mutating func insert(_ value: Value, byteCount: UInt64) -> Ticket {
        let slot = vacant.popLast() ?? nodes.count
        if slot == nodes.count { nodes.append(Node()) }
        nodes[slot] = Node(
            value: value,
            generation: nodes[slot].generation + 1,
            older: newest,
            byteCount: byteCount
        )
        if let newest { nodes[newest].newer = slot }
        newest = slot
        oldest = oldest ?? slot
        count += 1
        return Ticket(slot: slot, generation: nodes[slot].generation)
    }

    /// Notes that an object grew; nothing happens once it left the queue.
    package mutating func grow(_ ticket: Ticket, by byteCount: UInt64) {
        guard holds(ticket) else { return }
        nodes[ticket.slot].byteCount += byteCount
    }

    /// Notes that bytes of an object were read; nothing happens once it left the queue.
    package mutating func touch(_ ticket: Ticket, byteCount: UInt64) {
        guard holds(ticket) else { return }
        nodes[ticket.slot].readByteCount &+= byteCount
    }

    /// Takes an object out; nothing happens once it left the queue.
    package mutating func remove(_ ticket: Ticket) {
        guard holds(ticket) else { return }
        _ = take(ticket.slot)
    }

    /// Takes out the next victim; `nil` where the queue is empty.
    package mutating func evict() -> Value? {
        // Two rounds: the first one unmarks, so the second finds a victim.
        for _ in 0..<(2 * count) {
            guard let slot = hand ?? oldest else { return nil }
            let isVisited = nodes[slot].readByteCount > nodes[slot].byteCount
            guard isVisited else { return take(slot) }
            nodes[slot].readByteCount = 0
            hand = nodes[slot].newer
        }
        return nil
    }

    /// Objects of the queue, from a place in its memory on, whatever their order.
    ///
    /// - Parameters:
    ///   - place: 0, or where the last call ended.
    ///   - limit: How many places are looked at.
    /// - Returns: The objects there, how often each was read through since the hand came by, in
    ///   sixteenths; and where to go on, `nil` at the end. An object that is there from the first call
    ///   to the last comes exactly once.
    package func entries(
        from place: Int,
        limit: Int
    ) -> (entries: [(value: Value, heat: UInt64)], next: Int?) {
        let end = min(nodes.count, max(place, 0) + limit)
        let entries = nodes[min(max(place, 0), end)..<end].compactMap { node in
            node.value.map { ($0, node.readByteCount / max(1, node.byteCount / 16)) }
        }
        return (entries, end < nodes.count ? end : nil)
    }

    // MARK: - Private parts

    private func holds(_ ticket: Ticket) -> Bool {
        nodes[ticket.slot].generation == ticket.generation && nodes[ticket.slot].value != nil
    }

    private mutating func take(_ slot: Int) -> Value? {
        let node = nodes[slot]
        if let newer = node.newer { nodes[newer].older = node.older } else { newest = node.older }
        if let older = node.older { nodes[older].newer = node.newer } else { oldest = node.newer }
        if hand == slot { hand = node.newer }
        nodes[slot].value = nil
        vacant.append(slot)
        count -= 1
        return node.value
    }
}
