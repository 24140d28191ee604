// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// What is thought of one member's process.
package enum MemberState: UInt8, Sendable, Comparable, CaseIterable {
    /// It answers, or nobody has found otherwise.
    case alive = 0
    /// Somebody got no answer: to be gone around, and given time to object.
    case suspect = 1
    /// It did not object in time, or two members found its port closed.
    case dead = 2
    /// It said itself that it ends.
    case left = 3

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// What is claimed of one member: a state, in one of its incarnations.
///
/// Claims are ordered by incarnation, then by state. What is believed is the greatest claim heard, so
/// the order in which claims come, and how often, makes no difference; an old datagram, sent again,
/// says nothing new.
///
/// - Source: Das, Gupta, Motivala, "SWIM", DSN 2002, §4.2; `left` is memberlist's.
package struct GossipClaim: Hashable, Sendable, Comparable {
    /// Raised by the member alone, to object to what is said of it.
    package let incarnation: UInt64
    package let state: MemberState

    package init(_ state: MemberState, in incarnation: UInt64) {
        self.incarnation = incarnation
        self.state = state
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.incarnation != rhs.incarnation
            ? lhs.incarnation < rhs.incarnation : lhs.state < rhs.state
    }

    /// No member gets there by counting: whoever says so is refused.
    package static var highestIncarnation: UInt64 { 1 << 62 }
}

/// A claim on its way: of whom, and by whom.
package struct GossipRumour: Hashable, Sendable {
    package let node: NodeID
    package let claim: GossipClaim
    /// Who found it out; as many different ones confirm a suspicion.
    package let reporter: NodeID
    /// Whether the reporter found the member's port closed, and no answer from it.
    ///
    /// Only of a suspicion. Two different ones are a death.
    package let isRefused: Bool

    package init(
        _ node: NodeID,
        _ claim: GossipClaim,
        by reporter: NodeID,
        isRefused: Bool = false
    ) {
        self.node = node
        self.claim = claim
        self.reporter = reporter
        self.isRefused = isRefused && claim.state == .suspect
    }
}
