// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// How long ago a replica was known to be complete: an upper bound.
///
/// A worker that we asked at the moment t (by our clock, before the request left) answered "revision
/// R, complete S ago". So whatever R contains was complete at t − S or later, and so is this replica
/// as soon as it has R:
///
///     age = now − (t − S)
///
/// Needs no clock but our own. A line of a watch alone proves nothing: a worker that is cut off from
/// its quorum goes on sending progress.
package struct ReplicaAge: Sendable {
    private struct Claim {
        let revision: Revision
        /// t − S, in our milliseconds; below zero where the worker was cut off before we started.
        let completeAtMS: Int64
    }

    /// Claims about revisions that the replica does not have yet; the newest only.
    private static let waitingLimit = 16

    private var waiting: [Claim] = []
    private var completeAtMS: Int64?

    package init() {}

    /// A worker's answer to a request that left at `askedAtMS`.
    package mutating func note(revision: Revision, stalenessMS: UInt64, askedAtMS: UInt64) {
        let completeAt = Int64(clamping: askedAtMS) - Int64(clamping: min(stalenessMS, 1 << 50))
        waiting.append(Claim(revision: revision, completeAtMS: completeAt))
        if waiting.count > Self.waitingLimit { waiting.removeFirst() }
    }

    /// The replica has everything up to and with `revision`.
    package mutating func reached(_ revision: Revision) {
        for claim in waiting where claim.revision <= revision {
            completeAtMS = max(completeAtMS ?? .min, claim.completeAtMS)
        }
        waiting.removeAll { $0.revision <= revision }
    }

    /// `nil` where no worker ever said.
    package func age(atMS now: UInt64) -> Timespan? {
        guard let completeAtMS else { return nil }
        return Timespan(milliseconds: UInt64(max(0, Int64(clamping: now) - completeAtMS)))
    }
}
