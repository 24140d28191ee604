// SPDX-License-Identifier: Apache-2.0

import Primitives

/// How old the cluster is, as one node would say.
///
/// By the newest command it has applied, and by its own clock since, as production's `ElapsedClock`.
struct ClusterAge: Sendable {
    private var elapsedMS: UInt64 = 0
    /// When it was that old, by the node's clock; `nil`: it has not been asked yet.
    private var atMS: UInt64?

    /// The time that a command is stamped with now; ages pass `factor` times as fast as clocks.
    ///
    /// Never behind what was applied.
    mutating func stamp(
        atMS nowMS: UInt64,
        applied: UInt64,
        factor: UInt64
    ) -> UInt64 {
        let sinceMS = nowMS - min(nowMS, atMS ?? nowMS)
        elapsedMS = max(elapsedMS + sinceMS * factor, applied)
        atMS = nowMS
        return elapsedMS
    }
}
