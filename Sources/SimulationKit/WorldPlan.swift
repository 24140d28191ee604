// SPDX-License-Identifier: Apache-2.0

import Primitives
package import RaftCore

/// Everything about a world that is decided before it begins: its size, its hardware, its faults.
///
/// Each seed switches whole classes of faults on or off, so that worlds differ in kind and not only
/// in luck. Times are in microseconds, chances in percent.
package struct WorldPlan: Sendable, Equatable {
    package var seed: UInt64
    package var voterCount: Int
    package var settings: RaftSettings

    package var minimumDelayUS: UInt64
    package var meanDelayUS: UInt64
    package var lossPercent: Int
    package var duplicatePercent: Int
    /// Whether messages between two nodes keep their order, as on one connection.
    package var isOrdered: Bool

    package var meanDiskUS: UInt64
    package var stallPercent: Int

    /// Length of a segment of the log, in bytes.
    package var segmentByteCount: Int
    /// Whether writes and syncs fail now and then, each of which ends the process.
    package var diskErrors: Bool

    package var crashes: Bool
    package var pauses: Bool
    package var partitions: Bool
    package var transfers: Bool
    /// Whether disks of a minority may be replaced by empty ones under the same node's name.
    package var wipes: Bool
    /// Whether connections break for no reason.
    package var resets: Bool
    /// Mean time between two faults.
    package var meanFaultGapUS: UInt64

    package var operationGapUS: UInt64
    package var readPercent: Int
    package var snapshotEvery: UInt64
    package var statePaddingBytes: Int
    package var tickUS: UInt64
    /// Whether only the first voter knows the voters at the start.
    package var bootstrapsOne: Bool

    package init(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        self.seed = seed
        voterCount = [1, 2, 3, 3, 3, 3, 4, 5, 5, 5, 5, 7].randomElement(using: &random) ?? 3
        settings = Self.settings(using: &random)
        minimumDelayUS = .random(in: 20...10_000, using: &random)
        meanDelayUS = .random(in: 200...60_000, using: &random)
        lossPercent = random.chance(percent: 50) ? .random(in: 1...20, using: &random) : 0
        duplicatePercent = random.chance(percent: 50) ? .random(in: 1...20, using: &random) : 0
        isOrdered = random.chance(percent: 40)
        meanDiskUS = .random(in: 100...20_000, using: &random)
        stallPercent = random.chance(percent: 30) ? 2 : 0
        crashes = random.chance(percent: 65)
        pauses = random.chance(percent: 50)
        partitions = random.chance(percent: 60)
        transfers = random.chance(percent: 40)
        wipes = random.chance(percent: 30)
        resets = random.chance(percent: 50)
        meanFaultGapUS = .random(in: 150_000...2_500_000, using: &random)
        operationGapUS = .random(in: 5_000...60_000, using: &random)
        readPercent = .random(in: 10...60, using: &random)
        snapshotEvery =
            random.chance(percent: 50)
            ? .random(in: 3...20, using: &random) : .random(in: 20...150, using: &random)
        statePaddingBytes = .random(in: 0...600, using: &random)
        tickUS = .random(in: 8_000...25_000, using: &random)
        bootstrapsOne = random.chance(percent: 50)
        segmentByteCount = [1_536, 2_048, 4_096, 16_384].randomElement(using: &random) ?? 4_096
        diskErrors = random.chance(percent: 40)
    }

    /// Production timing, with bounds small enough to be reached.
    private static func settings(using random: inout SplitMix64) -> RaftSettings {
        var settings = RaftSettings.lan
        let trailing: UInt64 = random.chance(percent: 50) ? 3 : 60
        settings.trailingEntryCount = .random(in: 0...trailing, using: &random)
        settings.snapshotChunkBytes = .random(in: 40...400, using: &random)
        if random.chance(percent: 50) {
            settings.inflightMessageCount = .random(in: 1...8, using: &random)
            settings.entryBytesPerMessage = .random(in: 1...1_000, using: &random)
        }
        if random.chance(percent: 30) {
            settings.pendingReadCount = .random(in: 1...10, using: &random)
            settings.uncommittedBytes = .random(in: 500...5_000, using: &random)
        }
        return settings
    }
}
