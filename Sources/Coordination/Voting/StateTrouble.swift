// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore

/// What is wrong with a voter's copy of the catalog.
struct StateTrouble: Sendable, Hashable {
    enum Kind: Sendable {
        /// It differed from the majority's, and is being made anew from snapshot and log.
        case rebuilding
        /// What was made anew differs as well.
        case rebuildFailed
        /// No majority holds the same.
        case noMajority
        /// Nobody could say for long whether a majority holds the same.
        case unproven
    }

    let kind: Kind
    /// Where in the log that was found.
    let index: LogIndex

    init(kind: Kind, index: LogIndex) {
        self.kind = kind
        self.index = index
    }

    /// The worst that is known; `nil` where nothing is wrong.
    init?(_ state: VoterState) {
        if let worst = state.alarms.lazy.compactMap({ StateTrouble($0) }).first {
            self = worst
        } else if state.isQuarantined {
            self.init(kind: .rebuilding, index: state.applied)
        } else {
            return nil
        }
    }
}
