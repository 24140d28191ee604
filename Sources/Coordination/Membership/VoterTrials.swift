// SPDX-License-Identifier: Apache-2.0
package import Primitives
package import RaftCore

/// What a leader remembers while it gives a vote to a worker.
///
/// ```
///   lost ── ten seconds for its namesake ──▶ a worker is chosen ── a minute to come to vote ──▶ failed
///                                                  └── and stays it, as long as it answers
/// ```
/// Forgotten with the leadership, and when a lost vote is filled: another leader begins anew, and the plan
/// is safe whatever is remembered (``VoterPlan``).
package struct VoterTrials: Sendable {
    /// How long a lost vote waits for the worker that has its name now, before another gets it, in
    /// milliseconds.
    private static let namesakeMS: UInt64 = 10_000
    /// How long a worker has to make its log, or to catch up, before another is asked.
    private static let trialMS: UInt64 = 60_000
    /// How long after its choice a worker that is asked all the time must have answered itself.
    private static let acquaintanceMS: UInt64 = 2_000
    /// Failed ones remembered at most.
    private static let failedLimit = 16

    /// How long a worker that failed is not asked again for what is not urgent, in milliseconds.
    private static let graceMS: UInt64 = 600_000

    private var lastFailureMS: UInt64 = 0
    private var loss: (voter: Voter, sinceMS: UInt64)?
    private var trial: (node: NodeID, sinceMS: UInt64)?
    /// Workers that did not come to vote, the last one that failed at the end.
    package private(set) var failed: [NodeID] = []

    package init() {}

    /// The worker that is to get the vote, once there is one.
    package var chosen: NodeID? { trial?.node }

    package func isWaitingForNamesake(now: UInt64) -> Bool {
        loss.map { now - min(now, $0.sinceMS) < Self.namesakeMS } ?? true
    }

    /// Whether only what the worker said itself just now counts, not what was heard a while ago.
    package func mustAnswer(_ node: NodeID, now: UInt64) -> Bool {
        guard let trial, trial.node == node else { return false }
        return now - min(now, trial.sinceMS) >= Self.acquaintanceMS
    }

    /// Takes note of the vote that is to be filled; another one begins anew.
    package mutating func lost(_ voter: Voter?, now: UInt64) {
        guard voter != loss?.voter else { return }
        self = VoterTrials()
        loss = voter.map { ($0, now) }
    }

    /// Takes note of the worker that the next step is about, if it is to get a vote.
    ///
    /// - Returns: The worker whose time is over; it is one that failed from now on.
    package mutating func chose(_ node: NodeID?, now: UInt64) -> NodeID? {
        if let node, node != trial?.node { trial = (node, now) }
        guard let begun = trial, now - begun.sinceMS > Self.trialMS else { return nil }
        failed = failed.filter { $0 != begun.node }.suffix(Self.failedLimit - 1) + [begun.node]
        lastFailureMS = now
        trial = nil
        return begun.node
    }

    /// Takes note that no vote is on its way to anybody.
    package mutating func rested(now: UInt64) {
        trial = nil
        if now - min(now, lastFailureMS) > Self.graceMS { failed = [] }
    }
}
