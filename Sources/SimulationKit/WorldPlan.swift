// SPDX-License-Identifier: Apache-2.0

import Primitives
package import RaftCore

/// Everything about a world that is decided before it begins: its size, its hardware, its faults.
///
/// Each seed switches whole classes of faults on or off, so that worlds differ in kind and not only
/// in luck. Everything is drawn whether or not its class is on: a world without one of its classes
/// is the same world otherwise. Times are in microseconds, chances in percent.
package struct WorldPlan: Sendable, Equatable {
    /// Something no world survives, to see the alarms ring.
    package enum Sabotage: Sendable, Equatable {
        /// From the fault with this number on, syncs of all disks do nothing and report success.
        case lyingSyncs(fromFault: Int)
    }

    package var seed: UInt64
    package var voterCount: Int
    /// Members that get the log and have no vote, from the start on.
    package var learnerCount = 0
    package var faults: FaultClassSet
    /// The faults that happen, by their numbers in the schedule; `nil` for all.
    package var keptFaults: [Int]?
    /// How long the world lives, in simulated minutes; at least 2.
    package var minutes: UInt64 = 5
    /// What a test breaks on purpose.
    package var sabotage: Sabotage?

    /// Drawn with the rest; production's timing, with bounds small enough to be reached.
    private var drawnSettings: RaftSettings

    package var minimumDelayUS: UInt64
    package var meanDelayUS: UInt64
    package var lossPercent: Int
    package var duplicatePercent: Int
    package var replayPercent: Int

    package var meanDiskUS: UInt64
    package var stallPercent: Int
    /// Largest difference of a clock's rate from the true one, in parts per thousand.
    package var clockSkewPerMille: UInt64
    private var drawnSegmentByteCount: Int
    private var drawnSnapshotEvery: UInt64
    private var roomySegmentByteCount = 65_536
    private var fixedAgeFactor: UInt64?

    /// Mean time between two faults.
    package var meanFaultGapUS: UInt64
    package var operationGapUS: UInt64
    package var readPercent: Int
    /// How many writes have an idempotency key.
    package var keyedPercent: Int
    package var tickUS: UInt64
    /// Whether only the first voter knows the voters at the start.
    package var bootstrapsOne: Bool

    package init(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        self.seed = seed
        voterCount = [1, 2, 3, 3, 3, 3, 4, 5, 5, 5, 6, 7].randomElement(using: &random) ?? 3
        faults = FaultClassSet(using: &random)
        drawnSettings = Self.tinyWindows(using: &random)
        minimumDelayUS = .random(in: 0...30_000, using: &random)
        meanDelayUS = .random(in: 200...60_000, using: &random)
        lossPercent = .random(in: 1...30, using: &random)
        duplicatePercent = .random(in: 1...20, using: &random)
        replayPercent = .random(in: 1...5, using: &random)
        meanDiskUS = .random(in: 100...20_000, using: &random)
        stallPercent = .random(in: 1...3, using: &random)
        clockSkewPerMille = .random(in: 1...20, using: &random)
        drawnSegmentByteCount = [1_536, 2_048, 4_096].randomElement(using: &random) ?? 4_096
        drawnSnapshotEvery = .random(in: 3...30, using: &random)
        meanFaultGapUS = .random(in: 200_000...4_000_000, using: &random)
        operationGapUS = .random(in: 20_000...200_000, using: &random)
        readPercent = .random(in: 10...60, using: &random)
        keyedPercent = .random(in: 10...90, using: &random)
        tickUS = .random(in: 8_000...25_000, using: &random)
        bootstrapsOne = random.chance(percent: 50)
    }

    private static func tinyWindows(using random: inout SplitMix64) -> RaftSettings {
        var settings = RaftSettings.lan
        let trailing: UInt64 = random.chance(percent: 50) ? 3 : 60
        settings.trailingEntryCount = .random(in: 0...trailing, using: &random)
        settings.snapshotChunkBytes = .random(in: 1_280...12_800, using: &random)
        settings.inflightMessageCount = .random(in: 1...8, using: &random)
        settings.entryBytesPerMessage = .random(in: 1...1_000, using: &random)
        if random.chance(percent: 50) {
            settings.pendingReadCount = .random(in: 1...10, using: &random)
            settings.uncommittedBytes = .random(in: 1_000...10_000, using: &random)
        }
        return settings
    }
}

// MARK: - For measuring

extension WorldPlan {
    /// A healthy cluster under load: 5 voters and so many learners, 100 proposals a second, disks of
    /// 1 ms, production's windows.
    package static func measured(minutes: UInt64, learnerCount: Int) -> WorldPlan {
        var plan = WorldPlan(seed: 1)
        plan.voterCount = 5
        plan.learnerCount = learnerCount
        plan.faults = FaultClassSet()
        plan.minutes = minutes
        plan.operationGapUS = 10_000
        plan.readPercent = 0
        plan.meanDiskUS = 1_000
        plan.keyedPercent = 30
        plan.tickUS = 10_000
        plan.drawnSnapshotEvery = 100
        plan.roomySegmentByteCount = 1 << 20
        plan.fixedAgeFactor = 60  // 10 s: nobody is silent for so long, and snapshots stay small.
        return plan
    }
}

// MARK: - What follows from the classes that are on

extension WorldPlan {
    package func has(_ fault: FaultClass) -> Bool { faults.contains(fault) }

    package var settings: RaftSettings {
        var settings = has(.wideArea) ? RaftSettings.wan : .lan
        settings.trailingEntryCount = drawnSettings.trailingEntryCount
        settings.snapshotChunkBytes = drawnSettings.snapshotChunkBytes
        settings.digestEntryCount = 8 + seed % 32
        guard has(.tinyWindows) else { return settings }
        settings.inflightMessageCount = drawnSettings.inflightMessageCount
        settings.entryBytesPerMessage = drawnSettings.entryBytesPerMessage
        settings.pendingReadCount = drawnSettings.pendingReadCount
        settings.uncommittedBytes = drawnSettings.uncommittedBytes
        return settings
    }

    /// Length of a segment of the log, in bytes.
    package var segmentByteCount: Int {
        has(.tinySegments) ? drawnSegmentByteCount : roomySegmentByteCount
    }

    package var snapshotEvery: UInt64 {
        has(.earlySnapshots) ? drawnSnapshotEvery : 10 * drawnSnapshotEvery
    }

    /// Time that every message takes at least; several times as much between regions.
    package var leastDelayUS: UInt64 {
        has(.wideArea) ? 30_000 + 3 * minimumDelayUS : minimumDelayUS
    }

    /// Followers that a quorum can do without.
    var spareCount: Int { (voterCount - 1) / 2 }

    /// Most nodes there ever are; each new one has a number of its own.
    var nodeLimit: Int { voterCount + learnerCount + (has(.memberChanges) ? 8 : 0) }

    /// Workers in the catalog: the first voters, and some that have a life of their own.
    var workerCount: Int { max(voterCount, 4) }

    var clientCount: Int { 24 }

    /// How much faster the cluster ages than clocks go, so that idempotency keys are forgotten within a
    /// world: after 150 s, and nobody asks again after as much as 60.
    ///
    /// A clock that jumps may let ten minutes pass in a few jumps: there it is true to life.
    package var ageFactor: UInt64 { fixedAgeFactor ?? (has(.clockJumps) ? 1 : 4) }
}
