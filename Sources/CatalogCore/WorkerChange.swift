// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// A step in a worker's life behind its admission.
///
/// ```
///   joining ──activate──▶ active ◀──resume── suspended
///                           │ ▲ ╲──fence──▶──╯   │
///                     drain │ │ undrain          │
///                           ▼ │                  │
///                        draining ──drained──▶ drained ──remove──▶ (retired for good)
/// ```
/// Who is on the ring changes with ``RingChange/publish(region:)``, a moment later, so that several
/// steps share an epoch.
package enum WorkerChange: Hashable, Sendable {
    /// It has been silent for too long: an active one is suspended, any other one only marked.
    case fence(NodeID)
    /// It answers again.
    case resume(NodeID)
    /// It is to give its pages away.
    case drain(WorkerDrain)
    /// It is to own pages again.
    case undrain(NodeID)
    /// It has given away what it could; `keepsVote`: nobody could take its vote.
    case drained(NodeID, keepsVote: Bool)
    /// It leaves for good; `isLost`: whatever it still holds.
    case remove(NodeID, isLost: Bool)

    /// The worker it is about.
    package var node: NodeID {
        switch self {
        case .fence(let node), .resume(let node), .undrain(let node), .drained(let node, _),
            .remove(let node, _):
            node
        case .drain(let drain): drain.node
        }
    }
}

/// What a person asked for with `worker drain`.
package struct WorkerDrain: Hashable, Sendable {
    package let node: NodeID
    /// Bytes a second that it may send; 0: as every other worker.
    package let bytesPerSecond: UInt64
    /// The active workers of its region that the plan counted on, in the order of their ids.
    ///
    /// The drain is refused where one of them is not active any more: its plan is void.
    package let heirs: [NodeID]
    /// Whether it may leave its region without any active worker.
    package let isForced: Bool

    package init(
        _ node: NodeID,
        bytesPerSecond: UInt64 = 0,
        heirs: [NodeID] = [],
        isForced: Bool = false
    ) {
        self.node = node
        self.bytesPerSecond = bytesPerSecond
        self.heirs = heirs.sorted()
        self.isForced = isForced
    }
}

/// What becomes of a region's ring.
package enum RingChange: Hashable, Sendable {
    /// The next epoch, with the active workers; nothing where they are on the ring already.
    case publish(region: String)
    /// Every page of earlier epochs is where this epoch wants it.
    case settle(region: String, RingEpoch)
    /// These members are silent, too many at once to go on without them; none: that is over.
    case hold(region: String, [NodeID])
    /// A person says that the ring goes on without those for whom it is held.
    case force(region: String)

    package var region: String {
        switch self {
        case .publish(let region), .settle(let region, _), .hold(let region, _),
            .force(let region):
            region
        }
    }
}

/// Who gives what away, and how fast.
package enum HandoffChange: Hashable, Sendable {
    case report(HandoffReport)
    case settings(HandoffSettings.Change)
}
