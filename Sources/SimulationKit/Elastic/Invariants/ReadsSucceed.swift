// SPDX-License-Identifier: Apache-2.0

import ElasticCore
import Primitives

/// A read gets the right bytes, and never fails while the origin lives or a holder does that nobody has a
/// reason to doubt.
struct ReadsSucceed: ElasticInvariant {
    mutating func violation(after fact: ElasticFact, in world: ElasticWorld) -> String? {
        guard case .read(let read, let end) = fact else { return nil }
        let reader = world.workers[read.worker].name
        switch end {
        case .page(let value):
            return value == ElasticWorld.value(of: read.name)
                ? nil : "\(reader) was given other bytes for \(read.name)"
        case .failed(let why):
            let hadOutage =
                world.originIsDownUntilUS > read.beganUS && world.originWentDownUS <= world.nowUS
            guard hadOutage else { return "\(reader) could not read \(read.name): \(why)" }
            return holder(of: read, in: world).map {
                "\(reader) could not read \(read.name), which \($0) holds: \(why)"
            }
        }
    }

    /// Somebody who held the page all the time, whom it belonged to from beginning to end, and who could be
    /// asked.
    private func holder(of read: ElasticRead, in world: ElasticWorld) -> String? {
        guard world.isSound(read.worker) else { return nil }
        let route = world.committedRoute(of: read.name, in: world.workers[read.worker].region)
        let holders = route.holders.filter(read.route.holders.contains)
        return holders.lazy.compactMap { world.positions[$0.node] }.first { holder in
            let stored = world.workers[holder].shelf.storedAtUS(read.name)
            return stored.map { $0 < read.beganUS } == true && world.isSound(holder)
        }.map { world.workers[$0].name }
    }
}
