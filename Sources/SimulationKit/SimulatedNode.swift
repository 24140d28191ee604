// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// One voter: the production core, and around it what a driver would keep.
struct SimulatedNode: Sendable {
    /// A message that waits for a write.
    struct HeldMessage: Sendable {
        let message: RaftMessage
        let to: Voter
        let after: WriteSequence
    }

    /// A write of a client that has a place in the log.
    struct PendingWrite: Sendable {
        let operation: UInt64
        let position: LogPosition
    }

    /// A read of a client that may be answered once `index` is applied.
    struct PendingRead: Sendable {
        let operation: UInt64
        let index: LogIndex
    }

    private(set) var voter: Voter
    var raft: Raft
    var disk: SimulatedDisk
    var machine = RegisterMachine()

    /// Counts starts; events of an earlier life are void.
    private(set) var life: UInt64 = 0
    private(set) var isUp = true
    /// Events wait until then.
    var pausedUntilUS: UInt64 = 0
    /// Whether the disk was replaced by an empty one: the node is no voter any more.
    private(set) var isWiped = false

    var held: [HeldMessage] = []
    var writes: [PendingWrite] = []
    var reads: [PendingRead] = []
    /// The state machine's last snapshot, made or under way.
    var snapshotIndex = LogIndex.zero

    // The node's own clock: never equal to the world's.
    private let clockOffsetMS: UInt64
    private let clockRatePerMille: UInt64

    init(
        voter: Voter,
        disk: SimulatedDisk,
        settings: RaftSettings,
        using random: inout SplitMix64
    ) {
        self.voter = voter
        self.disk = disk
        clockOffsetMS = .random(in: 0...1_000_000_000, using: &random)
        clockRatePerMille = .random(in: 980...1_020, using: &random)
        raft = Self.start(voter, disk, settings, seed: random.next())
    }

    func clockMS(at nowUS: UInt64) -> UInt64 {
        clockOffsetMS + nowUS / 1_000 * clockRatePerMille / 1_000
    }

    /// Whether an event of `life` still concerns this node.
    func lives(_ life: UInt64) -> Bool { isUp && self.life == life }

    // MARK: - Crash and restart

    /// Loses everything in memory, and what the disk had not flushed.
    mutating func crash(keptWriteCount: Int) {
        disk.crash(keptCount: keptWriteCount)
        isUp = false
        life += 1
        pausedUntilUS = 0
        held = []
        writes = []
        reads = []
    }

    /// Starts again from the disk.
    mutating func restart(_ settings: RaftSettings, seed: UInt64) throws(ByteDecodingError) {
        isUp = true
        raft = Self.start(voter, disk, settings, seed: seed)
        machine = RegisterMachine()
        if let state = disk.snapshot?.state { machine = try RegisterMachine(decoding: state) }
        snapshotIndex = machine.applied
    }

    /// Puts in an empty disk; returns the old one.
    mutating func replaceDisk(store: StoreID) -> (Voter, SimulatedDisk) {
        let old = (voter, disk)
        voter = Voter(node: voter.node, store: store)
        disk = SimulatedDisk(hardState: .initial, entries: [])
        isWiped = true
        return old
    }

    private static func start(
        _ voter: Voter,
        _ disk: SimulatedDisk,
        _ settings: RaftSettings,
        seed: UInt64
    ) -> Raft {
        Raft(
            settings: settings,
            me: voter,
            restored: disk.hardState,
            snapshot: disk.snapshot?.metadata,
            entries: disk.entries,
            seed: seed
        )
    }
}
