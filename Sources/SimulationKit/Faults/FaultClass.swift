// SPDX-License-Identifier: Apache-2.0

import Primitives

/// A kind of trouble that a world has or has not.
package enum FaultClass: String, Sendable, CaseIterable {
    // Messages, all the time:
    case loss
    case duplicates
    /// Messages that come once more, up to a minute later.
    case replays
    /// Messages overtake each other; without it each link keeps their order, as one connection does.
    case reordering
    case holdUps = "hold-ups"
    /// Voters in several regions, with the timing profile for that.
    case wideArea = "wide-area"

    // The network, now and then:
    case partitions
    /// A link that lets nothing through for a while and then everything.
    case clogs
    /// Nodes cut off one after the other and connected again in another order.
    case swizzles
    /// Connections that break for no reason.
    case resets

    // Processes:
    case powerLoss = "power-loss"
    case processEnds = "process-ends"
    /// Starts that are cut off in the middle of recovery.
    case recoveryCuts = "recovery-cuts"
    case pauses
    /// Pauses between the end of a write and its report, before the messages that wait for it leave.
    case persistPauses = "persist-pauses"

    // Disks:
    case slowDisks = "slow-disks"
    case stalls
    case syncErrors = "sync-errors"
    case writeErrors = "write-errors"
    case readErrors = "read-errors"
    case fullDisks = "full-disks"
    /// A few bits of what was durable change.
    case rot
    /// A sector that was synced reads as it was before.
    case staleSectors = "stale-sectors"
    /// A sector was written over another one.
    case misdirection
    case lostFiles = "lost-files"
    case lostHardStates = "lost-hard-states"
    case lostDisks = "lost-disks"

    // Clocks:
    case clockSkew = "clock-skew"
    case clockJumps = "clock-jumps"
    /// A machine asleep: its process stands still and so does its clock.
    case suspensions

    // The program at the ends of its ranges, and what operators do:
    case tinySegments = "tiny-segments"
    case tinyWindows = "tiny-windows"
    case earlySnapshots = "early-snapshots"
    case slowApply = "slow-apply"
    /// Entries reach no more followers than a quorum needs.
    case minimalQuorums = "minimal-quorums"
    case transfers

    /// How often the class is drawn among those that happen now and then; 0 for what is always there.
    var weight: Int {
        switch self {
        case .powerLoss, .partitions: 4
        case .processEnds, .pauses: 2
        case .clogs, .swizzles, .resets, .syncErrors, .writeErrors, .readErrors, .fullDisks, .rot,
            .staleSectors, .misdirection, .lostFiles, .lostHardStates, .lostDisks, .clockJumps,
            .suspensions, .minimalQuorums, .transfers:
            1
        case .loss, .duplicates, .replays, .reordering, .holdUps, .wideArea, .recoveryCuts,
            .persistPauses, .slowDisks, .stalls, .clockSkew, .tinySegments, .tinyWindows,
            .earlySnapshots, .slowApply:
            0
        }
    }
}

/// Some of the classes of faults.
package struct FaultClassSet: Sendable, Equatable {
    private var bits: UInt64 = 0

    package init() {}

    package init(_ classes: [FaultClass]) {
        for fault in classes { insert(fault) }
    }

    /// About half of all classes.
    init(using random: inout SplitMix64) {
        for fault in FaultClass.allCases where random.chance(percent: 50) { insert(fault) }
    }

    package func contains(_ fault: FaultClass) -> Bool { bits & Self.bit(fault) != 0 }

    package mutating func insert(_ fault: FaultClass) { bits |= Self.bit(fault) }

    package mutating func remove(_ fault: FaultClass) { bits &= ~Self.bit(fault) }

    /// In the order of their declaration.
    package var list: [FaultClass] { FaultClass.allCases.filter(contains) }

    private static func bit(_ fault: FaultClass) -> UInt64 {
        let position = FaultClass.allCases.firstIndex(of: fault) ?? 0
        return 1 << UInt64(position)
    }
}
