// SPDX-License-Identifier: Apache-2.0

import ElasticCore
import Primitives

/// What a holder that can be asked has is not fetched from the origin: never with the cause `rebalance`, and
/// with no other cause either.
///
/// Holders are those by all that was committed. Whoever has not got the newest ring yet waits for it as long as
/// ``EpochPatience`` says, once it has heard of it; then it is judged by the ring it has.
struct NoNeedlessFetches: ElasticInvariant {
    /// As long as a search may take.
    private static let searchUS: UInt64 = 5_000_000

    mutating func violation(after fact: ElasticFact, in world: ElasticWorld) -> String? {
        guard case .fetched(let worker, let name, let cause, let asked) = fact,
            world.isSound(worker)
        else { return nil }
        let filler = world.workers[worker]
        let committed = world.committedRoute(of: name, in: filler.region)
        let route = asked.epoch < committed.epoch ? asked : committed
        let holder = route.holders.lazy.compactMap { world.positions[$0.node] }.first { holder in
            guard holder != worker, world.isSound(holder),
                let storedUS = world.workers[holder].shelf.storedAtUS(name)
            else { return false }
            return storedUS + Self.searchUS < world.nowUS
        }
        return holder.map {
            "\(filler.name) fetched \(name) as '\(cause.rawValue)' by \(asked.epoch) of "
                + "\(committed.epoch) while \(world.workers[$0].name) held it"
        }
    }
}
