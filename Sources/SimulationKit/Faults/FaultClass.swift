// SPDX-License-Identifier: Apache-2.0

import Primitives

/// A kind of trouble that a world has or has not.
///
/// A number, not a name: worlds ask several times an event whether they have a class.
package enum FaultClass: UInt8, Sendable, CaseIterable {
    // Messages, all the time:
    case loss
    case duplicates
    /// Messages that come once more, up to a minute later.
    case replays
    /// Messages overtake each other; without it each link keeps their order, as one connection does.
    case reordering
    case holdUps
    /// Voters in several regions, with the timing profile for that.
    case wideArea

    // The network, now and then:
    case partitions
    /// A link that lets nothing through for a while and then everything.
    case clogs
    /// Nodes cut off one after the other and connected again in another order.
    case swizzles
    /// Connections that break for no reason.
    case resets

    // Processes:
    case powerLoss
    case processEnds
    /// Starts that are cut off in the middle of recovery.
    case recoveryCuts
    case pauses
    /// Pauses between the end of a write and its report, before the messages that wait for it leave.
    case persistPauses
    /// A bit of a node's catalog turns, in memory.
    case memoryFlips

    // Disks:
    case slowDisks
    case stalls
    case syncErrors
    case writeErrors
    case readErrors
    case fullDisks
    /// A few bits of what was durable change.
    case rot
    /// A sector that was synced reads as it was before.
    case staleSectors
    /// A sector was written over another one.
    case misdirection
    case lostFiles
    case lostHardStates
    case lostDisks

    // Clocks:
    case clockSkew
    case clockJumps
    /// A machine asleep: its process stands still and so does its clock.
    case suspensions

    // The program at the ends of its ranges, and what operators do:
    case tinySegments
    case tinyWindows
    case earlySnapshots
    case slowApply
    /// Entries reach no more followers than a quorum needs.
    case minimalQuorums
    case transfers
    /// Learners come, get a vote, take another's place, and go.
    case memberChanges

    /// As people write it: `hold-ups`.
    package var name: String { Self.names[Int(rawValue)] }

    /// The class of a name, if it is one.
    package init?(name: String) {
        guard let place = Self.names.firstIndex(of: name) else { return nil }
        self = Self.allCases[place]
    }

    /// In the order of their declaration: the case's own words.
    private static let names = allCases.map { fault in
        "\(fault)".reduce(into: "") { name, letter in
            name += letter.isUppercase ? "-\(letter.lowercased())" : "\(letter)"
        }
    }

    /// How often the class is drawn among those that happen now and then; 0 for what is always there.
    var weight: Int {
        switch self {
        case .powerLoss, .partitions, .memberChanges: 4
        case .processEnds, .pauses, .memoryFlips: 2
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

    private static func bit(_ fault: FaultClass) -> UInt64 { 1 << UInt64(fault.rawValue) }
}
