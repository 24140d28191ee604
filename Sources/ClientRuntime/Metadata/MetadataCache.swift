// SPDX-License-Identifier: Apache-2.0
import Primitives
import Synchronization

/// Answers kept for their time to live, at most so many entries in all; the longest unused go first.
///
/// A clock hand over the keys in the order they came: an entry used since the hand came by is spared
/// once. Time is passed in, in milliseconds of a clock that never goes back.
final class MetadataCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    struct Cached: Sendable {
        var value: Value
        /// When the load began.
        var loadedAtMS: UInt64
        /// When it had ended.
        var completeAtMS: UInt64
    }

    private struct Slot {
        var cached: Cached
        var weight: Int
        var isUsed: Bool
    }

    private struct State {
        var slots: [Key: Slot] = [:]
        var order: [Key] = []
        var hand = 0
        var weight = 0
    }

    private let state = Mutex(State())
    private let weightLimit: Int

    /// `weightLimit` bounds the sum of what is given to ``insert(_:for:weight:loadedAtMS:)``.
    init(weightLimit: Int) { self.weightLimit = weightLimit }

    func value(for key: Key) -> Cached? {
        state.withLock { state in
            state.slots[key]?.isUsed = true
            return state.slots[key]?.cached
        }
    }

    /// Changes what is kept in place, without a change of its weight; nothing if nothing is kept.
    func update(_ key: Key, _ change: (inout Cached) -> Void) {
        state.withLock { state in
            guard let index = state.slots.index(forKey: key) else { return }
            change(&state.slots.values[index].cached)
        }
    }

    func insert(
        _ value: Value,
        for key: Key,
        weight: Int,
        loadedAtMS: UInt64,
        completeAtMS: UInt64
    ) {
        state.withLock { state in
            if let old = state.slots[key] {
                state.weight -= old.weight
            } else {
                state.order.append(key)
            }
            state.slots[key] = Slot(
                cached: Cached(
                    value: value,
                    loadedAtMS: loadedAtMS,
                    completeAtMS: completeAtMS
                ),
                weight: weight,
                isUsed: false
            )
            state.weight += weight
            evict(&state, sparing: key)
        }
    }

    private func evict(_ state: inout State, sparing key: Key) {
        while state.weight > weightLimit, state.order.count > 1 {
            if state.hand >= state.order.count { state.hand = 0 }
            let candidate = state.order[state.hand]
            if candidate == key || state.slots[candidate]?.isUsed == true {
                state.slots[candidate]?.isUsed = false
                state.hand += 1
                if candidate == key, state.order.count == 1 { return }
                continue
            }
            state.weight -= state.slots.removeValue(forKey: candidate)?.weight ?? 0
            // Swap, then drop the last: constant time, and the order need not be exact.
            state.order.swapAt(state.hand, state.order.count - 1)
            state.order.removeLast()
        }
    }
}
