// SPDX-License-Identifier: Apache-2.0
package import Primitives
import RaftCore

/// Who takes part in consensus, as one worker knows it: by its own log, or by the catalog where the log
/// is behind it.
///
/// A worker that was enlisted has an empty log, or the one of an earlier vote: what stands in it may be
/// years old, and who is counted by it may be gone.
package struct KnownMembers: Sendable, Hashable {
    /// While two sets decide together and only the catalog is known: both of them.
    package let voters: [NodeID]
    /// The set that is left while two decide together; empty otherwise.
    package let outgoing: [NodeID]
    /// `nil` where only the catalog is known, which does not say.
    package let learners: [NodeID]?

    /// - Parameters:
    ///   - log: What consensus knows here; `nil` where it does not run.
    ///   - catalog: The voters by the catalog; empty before there is one.
    package init(log: VoterState?, catalog: [NodeID]) {
        guard let log, !log.voters.incoming.isEmpty, !log.isLogBehind || catalog.isEmpty else {
            (voters, outgoing, learners) = (catalog, [], nil)
            return
        }
        voters = log.voters.incoming.map(\.node)
        outgoing = log.voters.outgoing.map(\.node)
        learners = log.voters.learners.map(\.node)
    }
}
