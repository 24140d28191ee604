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

    /// Only looked up, never iterated.
    private var known: [LogPosition: Facts] = [:]

    mutating func violation(after observation: Observation, in world: World) -> String? {
        guard let node = observation.node else { return nil }
        for case .persist(let write) in observation.effects {
            for entry in write.entries {
                let before = LogIndex(entry.index.rawValue - 1)
                let log = world.nodes[node].raft.log
                // The entry may have been replaced within the same event.
                guard log.holds(entry.position), let term = log.term(at: before) else { continue }
                let facts = Facts(entry: entry, previousTerm: term)
                if let other = known[entry.position], other != facts {
                    return "\(entry.position) differs between logs, or what is before it does"
                }
                known[entry.position] = facts
            }
        }
        return nil
    }
}
