// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// Whom one server feeds, and who is sent on.
///
/// Invariants:
/// 1. At most ``FeedTree/streamsPerServer`` are fed at a time, whoever they are.
/// 2. A voter feeds at most ``observersOfVoter`` of those that a relay should feed: whatever becomes of
///    the relays, what the voters send does not grow with the number of observers.
/// 3. A worker has one stream: a new one takes the place of the one before.
package struct FeedAdmission: Sendable {
    /// One stream that is let in; needed to let it go.
    package struct Ticket: Sendable, Hashable {
        let number: UInt64
    }

    private struct Guest {
        let ticket: Ticket
        let region: String
        let isDirect: Bool
    }

    /// Observers that a voter feeds for want of a relay; they then feed others.
    package static let observersOfVoter = 16
    /// Others that are named to one who is sent on.
    package static let mostNamed = 4

    private var guests: [NodeID: Guest] = [:]
    /// Streams of workers that have no node id yet.
    private var strangers: Set<Ticket> = []
    private var lastNumber: UInt64 = 0

    package init() {}

    /// Streams now.
    package var count: Int { guests.count + strangers.count }

    /// Whether somebody who is not fed yet would be let in.
    ///
    /// `isDirect`: a voter is to feed it itself, see ``FeedTree/isDirect(_:in:)``; `isVoter`: this server
    /// votes.
    package func hasRoom(isDirect: Bool, isVoter: Bool) -> Bool {
        guard count < FeedTree.streamsPerServer else { return false }  // Invariant 1.
        guard isVoter, !isDirect else { return true }
        let observers = guests.values.count { !$0.isDirect } + strangers.count
        return observers < Self.observersOfVoter  // Invariant 2.
    }

    /// Lets a stream in; `nil` where there is no room.
    ///
    /// A worker that is no member yet has no `node`.
    package mutating func admit(
        _ node: NodeID?,
        of region: String,
        isDirect: Bool,
        isVoter: Bool
    ) -> Ticket? {
        let isKnown = node.map { guests[$0] != nil } ?? false  // Invariant 3.
        guard isKnown || hasRoom(isDirect: isDirect, isVoter: isVoter) else { return nil }
        lastNumber += 1
        let ticket = Ticket(number: lastNumber)
        if let node {
            guests[node] = Guest(ticket: ticket, region: region, isDirect: isDirect)
        } else {
            strangers.insert(ticket)
        }
        return ticket
    }

    /// Whether the stream still counts: none of the same worker came after it.
    package func holds(_ ticket: Ticket, of node: NodeID?) -> Bool {
        node.map { guests[$0]?.ticket == ticket } ?? strangers.contains(ticket)
    }

    /// The stream has ended.
    package mutating func release(_ ticket: Ticket, of node: NodeID?) {
        guard holds(ticket, of: node) else { return }
        if let node { guests[node] = nil } else { strangers.remove(ticket) }
    }

    /// Whom one who is sent on may ask: those of its region that are fed here.
    package func others(for node: NodeID?, of region: String) -> [NodeID] {
        let near = guests.filter { $0.value.region == region && $0.key != node }
        let ordered = FeedTree.ordered(near.keys.sorted(), for: node ?? NodeID(0))
        return Array(ordered.prefix(Self.mostNamed))
    }
}
