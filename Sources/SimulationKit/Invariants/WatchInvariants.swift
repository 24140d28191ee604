// SPDX-License-Identifier: Apache-2.0

import RaftCore

/// The six guarantees of a watch, over every stream of every watcher.
struct WatchInvariants {
    private var ordered = WatchesOrdered()
    private var unique = WatchesUnique()
    private var reliable = WatchesReliable()
    private var atomic = WatchesAtomic()
    private var resumable = WatchesResumable()
    private var bookmarkable = WatchesBookmarkable()

    /// The first that does not hold, by its name, and what is wrong.
    mutating func violation(after observation: Observation, in world: World) -> String? {
        if let problem = look(&ordered, observation, world) { return problem }
        if let problem = look(&unique, observation, world) { return problem }
        if let problem = look(&reliable, observation, world) { return problem }
        if let problem = look(&atomic, observation, world) { return problem }
        if let problem = look(&resumable, observation, world) { return problem }
        return look(&bookmarkable, observation, world)
    }
}

/// Something that must hold of what each watcher is told.
protocol WatchInvariant: Invariant {
    /// Says what is wrong, if anything, with what one watcher is told now.
    mutating func violation(in told: WatchedEvents, of world: World) -> String?
}

extension WatchInvariant {
    mutating func violation(after observation: Observation, in world: World) -> String? {
        for told in world.watched {
            if let problem = violation(in: told, of: world) {
                return "watcher \(told.watcher) at \(world.nodes[told.node].voter.node): \(problem)"
            }
        }
        return nil
    }
}
