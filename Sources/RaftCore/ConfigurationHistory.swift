// SPDX-License-Identifier: Apache-2.0

import Primitives

/// The voters in force at each index of the log.
///
/// A configuration counts from the moment it is appended (Raft §6), so it is read from the log,
/// uncommitted entries included, and goes away with the entry that brought it.
struct ConfigurationHistory: Sendable {
    /// Ascending by index; the first is what the snapshot, or the empty log, began with.
    private var known: [(index: LogIndex, voters: VoterSet)]

    /// Starts with the voters that a snapshot names, or with none.
    init(at index: LogIndex, voters: VoterSet) { known = [(index, voters)] }

    var current: VoterSet { known[known.count - 1].voters }

    /// The index of the entry that brought ``current``.
    var currentIndex: LogIndex { known[known.count - 1].index }

    /// The voters in force once `index` was appended.
    func voters(at index: LogIndex) -> VoterSet {
        (known.last { $0.index <= index } ?? known[0]).voters
    }

    /// Whether a node counts in the voters in force at `index`, or in any that came behind.
    func decides(_ voter: Voter, since index: LogIndex) -> Bool {
        let start = self.index(at: index)
        return known.contains { $0.index >= start && $0.voters.decides(voter) }
    }

    /// The index of the entry that brought ``voters(at:)``.
    func index(at index: LogIndex) -> LogIndex {
        (known.last { $0.index <= index } ?? known[0]).index
    }

    /// Takes note of an entry that was appended.
    ///
    /// A payload nobody can read changes nothing: entries come from peers.
    mutating func appended(_ entry: LogEntry) {
        guard entry.kind == .configuration,
            let voters = try? VoterSet(decoding: entry.payload)
        else { return }
        known.append((entry.index, voters))
    }

    mutating func truncated(from index: LogIndex) {
        while known.count > 1, known[known.count - 1].index >= index { known.removeLast() }
    }

    /// Forgets what a snapshot at `index` has made history.
    mutating func compacted(through index: LogIndex) {
        while known.count > 1, known[1].index <= index { known.removeFirst() }
    }
}
