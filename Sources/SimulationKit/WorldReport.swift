// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// What a world went through.
package struct WorldTally: Sendable, Equatable {
    package internal(set) var events = 0
    package internal(set) var messages = 0
    package internal(set) var elections = 0
    package internal(set) var faults = 0
    package internal(set) var restarts = 0
    /// Starts that a fault of the disk ended before the log was open.
    package internal(set) var failedStarts = 0
    /// Starts that found damage and left it alone.
    package internal(set) var refusedStarts = 0
    package internal(set) var diskErrors = 0
    package internal(set) var damages = 0
    package internal(set) var replacedDisks = 0
    /// Changes of members that were asked for, and those of them that a leader refused.
    package internal(set) var memberChanges = 0
    package internal(set) var refusedChanges = 0
    package internal(set) var snapshotsTaken = 0
    package internal(set) var snapshotsInstalled = 0
    /// Snapshots that found no room, and flushes that waited for some.
    package internal(set) var snapshotsGivenUp = 0
    package internal(set) var stuckFlushes = 0
    package internal(set) var acknowledgedWrites = 0
    package internal(set) var answeredReads = 0
    /// Swaps that found another version than they asked for.
    package internal(set) var mismatches = 0
    /// Commands that were carried out and came to nothing.
    package internal(set) var declined = 0
    /// Bits of catalogs that turned, and states that were made anew for it.
    package internal(set) var flips = 0
    package internal(set) var rebuilds = 0
    package internal(set) var refusals = 0
    /// Attempts of operations that were tried before.
    package internal(set) var retries = 0
    /// Operations of which the client never learned what became of them.
    package internal(set) var unknownOutcomes = 0
    /// Streams that watchers began, those that were closed because the history was gone, and what all
    /// were told.
    package internal(set) var watches = 0
    package internal(set) var closedWatches = 0
    package internal(set) var watchedEvents = 0
    var lastAcknowledgedInvocationUS: UInt64 = 0
    /// Set when the world itself met something that cannot be.
    var complaint: String?
}

/// How a world ended.
package struct WorldReport: Sendable, Equatable {
    package let seed: UInt64
    /// What went wrong, with the name of the invariant; `nil` if nothing did.
    package let violation: String?
    /// When the world ended, in microseconds since it began.
    package let endUS: UInt64
    /// The numbers of all faults that happened, in order.
    package let faults: [Int]
    package let tally: WorldTally
    /// Over every event: equal digests mean equal histories.
    package let digest: UInt64
    /// The last things that happened before a violation, one a line.
    package let journal: [String]
}

/// A running checksum of a world's history.
struct TraceDigest: Sendable {
    private(set) var value: UInt64 = 0

    mutating func mix(_ word: UInt64) {
        value = (value ^ word) &* 0x9E37_79B9_7F4A_7C15
        value ^= value >> 29
    }
}

/// The last steps of a world, for the report of a failure.
struct Journal: Sendable {
    private var lines: [(timeUS: UInt64, node: NodeID, input: RaftInput)] = []
    private var start = 0
    private static let limit = 60

    mutating func note(_ timeUS: UInt64, _ node: NodeID, _ input: RaftInput) {
        if case .tick = input { return }
        if lines.count < Self.limit {
            lines.append((timeUS, node, input))
        } else {
            lines[start] = (timeUS, node, input)
            start = (start + 1) % Self.limit
        }
    }

    var text: [String] {
        (lines[start...] + lines[..<start]).map { line in
            "\(line.timeUS) µs \(line.node) \(String(describing: line.input).prefix(300))"
        }
    }
}
