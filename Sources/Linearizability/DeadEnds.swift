// SPDX-License-Identifier: Apache-2.0

/// What the search has tried: what follows depends on the operations placed and the state alone.
///
/// Of open operations a subset is enough: whoever has used up fewer can do everything that whoever has
/// used up more can do. So for each set of answered operations and state only the least sets of open
/// ones are kept.
struct DeadEnds<State: Hashable> {
    private struct Key: Hashable {
        let answered: BitSet
        let state: State
    }

    private var openSets: [Key: [BitSet]] = [:]
    /// Of all sets kept, in bytes.
    private(set) var byteCount = 0
    /// Sets compared since the beginning.
    private(set) var comparisonCount = 0

    /// Remembers a configuration; false if it, or one that can do as much, was remembered before.
    mutating func insert(answered: BitSet, open: BitSet, state: State) -> Bool {
        let key = Key(answered: answered, state: state)
        var known = openSets[key] ?? []
        comparisonCount += known.count
        guard !known.contains(where: { $0.isSubset(of: open) }) else { return false }
        known.removeAll { open.isSubset(of: $0) }
        known.append(open)
        if known.count == 1 { byteCount += 8 * answered.words.count + MemoryLayout<Key>.stride }
        byteCount += 8 * open.words.count + MemoryLayout<BitSet>.stride
        openSets[key] = known
        return true
    }
}
