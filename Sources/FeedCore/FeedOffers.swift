// SPDX-License-Identifier: Apache-2.0
import Primitives

/// Who has lately said that it would feed this worker.
///
/// One of them is the second source: asked every second, so that its connection stands and its answer is
/// fresh when the first one goes.
struct FeedOffers: Sendable {
    private struct Offer {
        let node: NodeID
        let age: Timespan?
        let heardAtMS: UInt64
    }

    /// Asked at a time at most.
    static let mostAsked = 6
    private static let intervalMS: UInt64 = 1000
    /// An offer holds for so long: one round of questions and its answer.
    private static let lifetimeMS: UInt64 = 1800

    private var offers: [Offer] = []
    /// The one that is asked, and when it was last.
    private var asked: (node: NodeID, atMS: UInt64)?

    /// The second source, once it has answered.
    var second: NodeID? {
        asked.flatMap { asked in offers.contains { $0.node == asked.node } ? asked.node : nil }
    }

    mutating func note(_ node: NodeID, age: Timespan?, atMS now: UInt64) {
        offers.removeAll { $0.node == node || now - min(now, $0.heardAtMS) > Self.lifetimeMS }
        guard offers.count < 2 * Self.mostAsked else { return }
        offers.append(Offer(node: node, age: age, heardAtMS: now))
    }

    /// It has no room, or does not answer; whether it was the second source.
    mutating func drop(_ node: NodeID) -> Bool {
        offers.removeAll { $0.node == node }
        guard asked?.node == node else { return false }
        asked = nil
        return true
    }

    mutating func forget(before timeMS: UInt64) { offers.removeAll { $0.heardAtMS <= timeMS } }

    /// Whom to ask now, and who was asked and said nothing; `nil` while it is not time.
    ///
    /// `usable` are those that may be asked, the best first.
    mutating func next(
        of usable: [NodeID],
        atMS now: UInt64
    ) -> (asked: NodeID?, silent: NodeID?)? {
        var silent: NodeID?
        if let known = asked {
            guard now - min(now, known.atMS) >= Self.intervalMS else { return nil }
            let answered = offers.first { $0.node == known.node }?.heardAtMS
            if answered.map({ $0 < known.atMS }) ?? true { silent = known.node }
            if silent == nil, usable.contains(known.node) {
                asked = (known.node, now)
                return (known.node, nil)
            }
        }
        let node = usable.first { $0 != silent }
        asked = node.map { ($0, now) }
        return (node, silent)
    }

    /// The first of these whose offer holds, and that is not a second older than the youngest.
    ///
    /// When a relay dies, its followers have room for each other, and none of them is fed.
    func best(of order: [NodeID], atMS now: UInt64) -> NodeID? {
        let fresh = offers.filter { offer in
            order.contains(offer.node) && now - min(now, offer.heardAtMS) <= Self.lifetimeMS
        }
        let ages = fresh.map { $0.age?.milliseconds ?? .max }
        guard let youngest = ages.min() else { return nil }
        let limit = youngest > .max - 1000 ? .max : youngest + 1000
        return order.first { node in
            fresh.contains { $0.node == node && ($0.age?.milliseconds ?? .max) <= limit }
        }
    }
}
