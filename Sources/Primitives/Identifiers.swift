// SPDX-License-Identifier: Apache-2.0

/// Identifies one node: one admitted store.
///
/// Kept over restarts, never reused: a new disk is a new node. Counts from 1.
package struct NodeID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package var description: String { "n\(rawValue)" }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// A Raft term: a logical clock that counts elections.
///
/// Never decreases on a given node.
package struct Term: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package static var zero: Self { .init(0) }

    package var next: Self { .init(rawValue + 1) }

    package var description: String { "t\(rawValue)" }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// Position of an entry in the replicated log.
///
/// Counts from 1; 0 means "before the first entry".
package struct LogIndex: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package static var zero: Self { .init(0) }

    package var next: Self { .init(rawValue + 1) }

    package var description: String { "i\(rawValue)" }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// Version of the catalog: grows by one with every command that changes it.
///
/// 0 means "nothing has happened yet".
package struct Revision: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package static var zero: Self { .init(0) }

    package var next: Self { .init(rawValue + 1) }

    package var description: String { "\(rawValue)" }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// Identifies one place data comes from: one (scheme, bucket or directory, endpoint).
///
/// Given out by the catalog and never reused, so it can be part of a page's key. Counts from 1.
package struct OriginID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package var description: String { "o\(rawValue)" }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// Counts changes of one region's ring.
///
/// 0 means "this region has no ring yet".
package struct RingEpoch: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package static var zero: Self { .init(0) }

    package var next: Self { .init(rawValue + 1) }

    package var description: String { "\(rawValue)" }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}
