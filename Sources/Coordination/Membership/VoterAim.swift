// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import Primitives
package import RaftCore

/// One change of the votes that would serve the cluster, and what stands in its way.
package struct VoterAim: Sendable, Equatable {
    package enum Cause: Sendable, Equatable {
        /// The vote's store is no worker's any more.
        case lost
        /// More votes than wanted.
        case surplus
        /// The voter was not heard by consensus for so long, in milliseconds.
        case silent(forMS: UInt64)
        /// Fewer votes than wanted.
        case shortage
        /// The voter was demoted, or is on its way out.
        case unwelcome
        /// A worker was promoted.
        case promoted
        /// Fewer votes would share a zone or a region, or stand outside the home region.
        case spread
    }

    package enum Obstacle: Sendable, Equatable {
        /// The worker that has the lost one's name now may still take the vote.
        case namesake
        /// So many workers could get a vote, and so many are needed.
        case candidates(have: Int, need: Int)
        /// The voter has to be silent for so long more, in milliseconds.
        case patience(leftMS: UInt64)
        /// These voters are not in contact: what is not urgent waits for them.
        case contact([NodeID])
    }

    package let cause: Cause
    package let leaving: [Voter]
    package let coming: [WorkerEntry]
    /// `nil`: it can be done now.
    package let obstacle: Obstacle?

    package init(
        _ cause: Cause,
        leaving: [Voter] = [],
        coming: [WorkerEntry] = [],
        obstacle: Obstacle? = nil
    ) {
        self.cause = cause
        self.leaving = leaving
        self.coming = coming
        self.obstacle = obstacle
    }
}
