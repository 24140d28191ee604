// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// What a voter's state machine held at one index: equal on sound voters, whatever they are.
package struct StateDigest: Hashable, Sendable {
    package let index: LogIndex
    package let value: UInt64

    package init(index: LogIndex, value: UInt64) {
        self.index = index
        self.value = value
    }
}

/// What the leader found when it compared the digests of one index.
package struct StateVerdict: Hashable, Sendable {
    package let index: LogIndex
    /// The digest of a majority, of both halves in a joint configuration; `nil` where there is none
    /// and can be none any more.
    package let agreed: UInt64?

    package init(index: LogIndex, agreed: UInt64?) {
        self.index = index
        self.agreed = agreed
    }
}

extension RaftSettings {
    /// Whether state machines are compared once they have applied this entry.
    ///
    /// A function of the entry alone, so that all voters compare at the same ones: each 1,024th, and
    /// each that is so large that 1,024 of its kind would be more than a voter keeps without a
    /// snapshot.
    package func isDigestPoint(_ entry: LogEntry) -> Bool {
        entry.index.rawValue % digestEntryCount == 0 || entry.payload.count >= digestPayloadBytes
    }
}

/// Something that a person has to look at.
package enum RaftAlarm: Hashable, Sendable {
    /// No majority of the voters holds the same state at this index.
    case noMajority(at: LogIndex)
    /// The state that was rebuilt from snapshot and log is not the majority's either.
    case rebuildFailed(at: LogIndex)
    /// Nobody could say for long whether this voter's state is the majority's; it was at this index.
    case unproven(since: LogIndex)
    /// This voter's disk is so slow that it hands leadership over; never in ``RaftStatus/alarms``.
    case slowDisk
}
