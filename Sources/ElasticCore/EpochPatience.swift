// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// Whether a worker should rather not fetch yet, because others have left its ring behind already.
///
/// ```
///   a request of epoch 8 ──▶ heard 8 ── own epoch 7: behind ──┬─ own epoch 8: on
///                                                            └─ 2 s: on all the same
/// ```
///
/// The worker that fills by epoch 8 has asked this one and was told that nothing is here; from then on
/// this one would fetch a second time what that one fetches now.
///
/// Invariant: nobody is held up for longer than ``patienceMS`` from when the first epoch was heard of that is
/// not here yet; after one that never came nobody is held up for ``deafnessMS``, whatever is heard.
package struct EpochPatience: Sendable {
    package static let patienceMS: UInt64 = 2_000
    package static let deafnessMS: UInt64 = 20_000

    private var heard = RingEpoch.zero
    private var untilMS: UInt64?
    private var deafUntilMS: UInt64?

    package init() {}

    /// Takes note of the epoch of a request.
    package mutating func heard(_ epoch: RingEpoch, own: RingEpoch, nowMS: UInt64) {
        guard epoch > own, untilMS == nil || epoch > heard else { return }
        if let deafUntilMS, nowMS < deafUntilMS { return }
        heard = epoch
        untilMS = untilMS ?? nowMS + Self.patienceMS  // However many more come meanwhile.
    }

    package mutating func isBehind(own: RingEpoch, nowMS: UInt64) -> Bool {
        guard let untilMS else { return false }
        guard own < heard else {
            self.untilMS = nil
            return false
        }
        guard nowMS < untilMS else {
            self.untilMS = nil
            deafUntilMS = nowMS + Self.deafnessMS
            return false
        }
        return true
    }
}
