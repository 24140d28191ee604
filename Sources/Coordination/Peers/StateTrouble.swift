// SPDX-License-Identifier: Apache-2.0
package import Primitives
import RaftCore

/// What is wrong with a voter's copy of the catalog.
package struct StateTrouble: Sendable, Hashable {
    /// The numbers are on the wire and never change meaning; 0 is none.
    package enum Kind: UInt8, Sendable, CaseIterable {
        /// It differed from the majority's, and is being made anew from snapshot and log.
        case rebuilding = 1
        /// What was made anew differs as well.
        case rebuildFailed = 2
        /// No majority holds the same.
        case noMajority = 3
    }

    package let kind: Kind
    /// Where in the log that was found.
    package let index: LogIndex

    package init(kind: Kind, index: LogIndex) {
        self.kind = kind
        self.index = index
    }

    /// The worst that is known; `nil` where nothing is wrong.
    init?(_ state: VoterState) {
        switch state.alarms.first {
        case .noMajority(let index): self.init(kind: .noMajority, index: index)
        case .rebuildFailed(let index): self.init(kind: .rebuildFailed, index: index)
        case nil:
            guard state.isQuarantined else { return nil }
            self.init(kind: .rebuilding, index: state.applied)
        }
    }
}
