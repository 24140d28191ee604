// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Everything about an ``ElasticWorld`` that is decided before it begins.
///
/// Each seed switches kinds of faults on or off. Everything is drawn whether or not its kind is on: a world
/// without one of its kinds is the same world otherwise. Times are in milliseconds.
package struct ElasticPlan: Sendable, Equatable {
    /// Something no world survives, to see the alarms ring.
    package enum Sabotage: Sendable, Equatable {
        /// Disks say of offered pages that they are stored, and keep nothing.
        case forgetfulDisks
    }

    package let seed: UInt64
    package var regionCount: Int
    /// In each region, at the start.
    package var workerCount: Int
    package var zoneCount: Int
    package var objectCount: Int
    /// Pages that a small worker's disk holds; larger ones hold a multiple.
    package var shelfPages: Int
    package var readers: Int
    package var readGapMS: UInt64
    /// One way between two workers, at most.
    package var delayMS: UInt64
    /// How far a worker's replica is behind what is committed, at most.
    package var lagMS: UInt64
    /// One fetch from the origin, at most.
    package var originMS: UInt64
    package var writeMS: UInt64
    package var lossPerMille: Int
    package var faults: [ElasticFaultKind]
    /// The faults that happen, by their numbers; `nil` for all.
    package var keptFaults: [Int]?
    package var meanFaultGapMS: UInt64
    /// From the end of the warm-up on.
    package var faultsMS: UInt64
    /// Whether only what people ask for happens, one thing after the other is settled.
    package let isCalm: Bool
    package let bytesPerSecond: UInt64
    /// Offers that a worker works on at the same time.
    package let offerLimit: Int
    /// What a test breaks on purpose.
    package var sabotage: Sabotage?

    package static let warmUpMS: UInt64 = 15_000

    package init(seed: UInt64) {
        var random = SplitMix64(seed: seed ^ 0xE1A5_71C)
        self.seed = seed
        isCalm = random.chance(percent: 20)
        regionCount = random.chance(percent: 25) ? 2 : 1
        workerCount = .random(in: 3...(regionCount == 2 ? 5 : 8), using: &random)
        zoneCount = .random(in: 1...4, using: &random)
        objectCount = .random(in: 10...60, using: &random)
        let isTight = random.chance(percent: 30)
        shelfPages = isTight ? .random(in: 12...40, using: &random) : 4_000
        readers = .random(in: 2...6, using: &random)
        readGapMS = .random(in: 100...800, using: &random)
        delayMS = .random(in: 1...40, using: &random)
        lagMS = [20, 100, 400, 1_500].randomElement(using: &random) ?? 100
        originMS = .random(in: 10...800, using: &random)
        writeMS = .random(in: 1...60, using: &random)
        lossPerMille = .random(in: 1...30, using: &random)
        let drawn = ElasticFaultKind.allCases.filter { _ in random.chance(percent: 50) }
        meanFaultGapMS = .random(in: 1_000...15_000, using: &random)
        faultsMS = .random(in: 90_000...240_000, using: &random)
        bytesPerSecond = [0, 1, 4, 64].randomElement(using: &random).map { $0 << 20 } ?? 0
        faults = isCalm ? drawn.filter(\.isCalm) : drawn
        if isCalm { shelfPages = 4_000 }
        if isCalm, faults.isEmpty { faults = [.join] }
        offerLimit = [1, 2, 8].randomElement(using: &random) ?? 8
    }

    package func has(_ kind: ElasticFaultKind) -> Bool { faults.contains(kind) }
}

/// Kinds of things that happen to workers, on in half of the worlds each.
package enum ElasticFaultKind: String, CaseIterable, Sendable {
    case join, joinMany = "join-many", drain, undrain, remove, reweigh
    case kill, killForGood = "kill-for-good", killMover = "kill-mover"
    case silence, longSilence = "long-silence", massSilence = "mass-silence", cuts
    case leaderChange = "leader-change", lostProposals = "lost-proposals"
    case loss, duplicates, lateReplica = "late-replica"
    case fullDisk = "full-disk", originOutage = "origin-outage"
    case rate, pause, doubts, ghosts

    /// Whether nothing goes wrong by it.
    package var isCalm: Bool {
        switch self {
        case .join, .joinMany, .drain, .undrain, .reweigh, .remove: true
        default: false
        }
    }

    /// Whether it is a condition of the whole world, and nothing that happens at a moment.
    var isCondition: Bool {
        switch self {
        case .loss, .duplicates, .lostProposals, .ghosts: true
        default: false
        }
    }
}
