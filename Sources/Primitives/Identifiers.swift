// SPDX-License-Identifier: Apache-2.0

/// Identifies one node: one admitted store.
///
/// Kept over restarts, never reused: a new disk is a new node. Counts from 1.
public struct NodeID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number itself.
    public let rawValue: UInt64

    /// The one with this number.
    @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// As log lines show it.
    public var description: String { "n\(rawValue)" }

    /// The order of the numbers.
    @inlinable public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// A Raft term: a logical clock that counts elections.
///
/// Never decreases on a given node.
public struct Term: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number itself.
    public let rawValue: UInt64

    /// The one with this number.
    @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// The one before the first.
    @inlinable public static var zero: Self { .init(0) }

    /// The one behind this.
    @inlinable public var next: Self { .init(rawValue + 1) }

    /// As log lines show it.
    public var description: String { "t\(rawValue)" }

    /// The order of the numbers.
    @inlinable public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// Position of an entry in the replicated log.
///
/// Counts from 1; 0 means "before the first entry".
public struct LogIndex: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number itself.
    public let rawValue: UInt64

    /// The one with this number.
    @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// The one before the first.
    @inlinable public static var zero: Self { .init(0) }

    /// The one behind this.
    @inlinable public var next: Self { .init(rawValue + 1) }

    /// As log lines show it.
    public var description: String { "i\(rawValue)" }

    /// The order of the numbers.
    @inlinable public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// Version of the catalog: grows by one with every command that changes it.
///
/// 0 means "nothing has happened yet".
public struct Revision: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number itself.
    public let rawValue: UInt64

    /// The one with this number.
    @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// The one before the first.
    @inlinable public static var zero: Self { .init(0) }

    /// The one behind this.
    @inlinable public var next: Self { .init(rawValue + 1) }

    /// As log lines show it.
    public var description: String { "\(rawValue)" }

    /// The order of the numbers.
    @inlinable public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// Identifies one place data comes from: one (scheme, bucket or directory, endpoint).
///
/// Given out by the catalog and never reused, so it can be part of a page's key. Counts from 1.
public struct OriginID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number itself.
    public let rawValue: UInt64

    /// The one with this number.
    @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// As log lines show it.
    public var description: String { "o\(rawValue)" }

    /// The order of the numbers.
    @inlinable public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// Counts changes of one region's ring.
///
/// 0 means "this region has no ring yet".
public struct RingEpoch: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number itself.
    public let rawValue: UInt64

    /// The one with this number.
    @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// The one before the first.
    @inlinable public static var zero: Self { .init(0) }

    /// The one behind this.
    @inlinable public var next: Self { .init(rawValue + 1) }

    /// As log lines show it.
    public var description: String { "\(rawValue)" }

    /// The order of the numbers.
    @inlinable public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}
