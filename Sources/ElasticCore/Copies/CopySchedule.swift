// SPDX-License-Identifier: Apache-2.0
import PlacementCore
package import Primitives

/// When a worker looks through everything it holds for copies to make or to give back.
///
/// | reason | the next walk |
/// | --- | --- |
/// | start, another ring, settled, other counts | at once |
/// | pages came that nobody remembers, also amid a walk | at once |
/// | an offer came to nothing | after a minute |
/// | none of these | after an hour |
///
/// Never where all pages are kept by one worker, and were at the last look.
package struct CopySchedule: Sendable {
    /// What copies are made by.
    package struct Situation: Equatable, Sendable {
        package let epoch: RingEpoch
        package let isSettled: Bool
        package let replicas: ReplicaCounts

        package init(_ view: RegionView, _ replicas: ReplicaCounts) {
            epoch = view.ring?.epoch ?? .zero
            isSettled = view.earlier.isEmpty
            self.replicas = replicas
        }
    }

    package static let usualMS: UInt64 = 3_600_000
    package static let retryMS: UInt64 = 60_000

    private var walked: Situation?
    private var dueMS: UInt64 = 0

    package init() {}

    /// Whether a walk begins now; takes note that it does.
    package mutating func begins(_ situation: Situation, nowMS: UInt64) -> Bool {
        let mayFindSome =
            !situation.replicas.areAllOne || walked.map { !$0.replicas.areAllOne } == true
        let isDue = walked != situation || nowMS >= dueMS
        if isDue { dueMS = nowMS + Self.usualMS }
        walked = situation
        return mayFindSome && isDue
    }

    /// Pages came, and were too many to be remembered.
    package mutating func missedPages(nowMS: UInt64) { dueMS = min(dueMS, nowMS) }

    /// Somebody has not what it should have.
    package mutating func cameToNothing(nowMS: UInt64) { dueMS = min(dueMS, nowMS + Self.retryMS) }
}
