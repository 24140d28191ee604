// SPDX-License-Identifier: Apache-2.0

/// Whoever lets go of a page because another owns it knows that it is on that one's disk, or was until that
/// one needed the room.
struct DropsAfterArrival: ElasticInvariant {
    mutating func violation(after fact: ElasticFact, in world: ElasticWorld) -> String? {
        guard case .dropped(let worker, let names) = fact else { return nil }
        let others = world.workers.indices.filter {
            $0 != worker && world.workers[$0].region == world.workers[worker].region
        }
        for name in names {
            let isElsewhere = others.contains {
                world.workers[$0].shelf.contains(name)
                    || world.workers[$0].shelf.evicted.contains(name)
            }
            guard isElsewhere else {
                return "\(world.workers[worker].name) dropped \(name), which nobody else has"
            }
        }
        return nil
    }
}
