// SPDX-License-Identifier: Apache-2.0

/// Whoever lets go of a page because another owns it knows that it is on that one's disk, or was until that
/// one needed the room.
struct DropsAfterArrival: ElasticInvariant {
    mutating func violation(after fact: ElasticFact, in world: ElasticWorld) -> String? {
        guard case .dropped(let worker, let pages) = fact else { return nil }
        let others = world.workers.indices.filter {
            $0 != worker && world.workers[$0].region == world.workers[worker].region
        }
        for page in pages {
            let isElsewhere = others.contains {
                world.workers[$0].shelf.hasHad(page.name, sinceUS: page.storedAtUS)
            }
            guard isElsewhere else {
                return "\(world.workers[worker].name) dropped \(page.name), which nobody else has"
            }
        }
        return nil
    }
}
