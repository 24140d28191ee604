// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// Two logs that share an entry are equal up to there (Raft §5.3).
///
/// By induction this is so if everywhere, whenever an entry is written, its position determines its
/// content and the term before it. So only new entries are looked at, each once per node.
struct LogMatching: Invariant {
    private struct Facts: Equatable {
        let entry: LogEntry
        let previousTerm: Term
    }

    /// For each index, 1 first, what was written there first.
    private var known: [Facts?] = []
    /// What was written there in other terms; only looked up, never iterated.
    private var further: [LogPosition: Facts] = [:]

    mutating func violation(after observation: Observation, in world: World) -> String? {
        guard let node = observation.node else { return nil }
        for write in observation.writes {
            for entry in write.entries {
                let before = LogIndex(entry.index.rawValue - 1)
                // The entry may have been replaced within the same event.
                guard world.nodes[node].raft.log.holds(entry.position),
                    let term = world.nodes[node].raft.log.term(at: before)
                else { continue }
                if !isAsElsewhere(Facts(entry: entry, previousTerm: term)) {
                    return "\(entry.position) differs between logs, or what is before it does"
                }
            }
        }
        return nil
    }

    /// Compares with what other logs have at this position; takes note of what none has.
    private mutating func isAsElsewhere(_ facts: Facts) -> Bool {
        let place = Int(facts.entry.index.rawValue) - 1
        while known.count <= place { known.append(nil) }
        guard let first = known[place] else {
            known[place] = facts
            return true
        }
        if first.entry.term == facts.entry.term { return first == facts }
        guard let other = further[facts.entry.position] else {
            further[facts.entry.position] = facts
            return true
        }
        return other == facts
    }
}
