// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Primitives
import RaftCore

/// One voter: the production core, and around it what a driver would keep.
struct SimulatedNode {
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
    private(set) var disk: SimulatedDisk
    var machine = RegisterMachine()

    /// Counts starts; events of an earlier life are void.
    private(set) var life: UInt64 = 0
    private(set) var isUp = true
    /// Events wait until then.
    var pausedUntilUS: UInt64 = 0
    /// Whether the disk was replaced by an empty one: the node is no voter any more.
    private(set) var isWiped = false
    /// Whether it never comes back: what replaced it is another node.
    private(set) var isGone = false

    var held: [HeldMessage] = []
    var writes: [PendingWrite] = []
    var reads: [PendingRead] = []
    /// The state machine's last snapshot, made or under way.
    var snapshotIndex = LogIndex.zero

    /// What the core was told last of its disk.
    var isDiskFull = false
    var abdication = Abdication()

    /// The node's own: never equal to the world's.
    var clock: SimulatedClock

    init(
        voter: Voter,
        disk: SimulatedDisk,
        plan: WorldPlan,
        using random: inout SplitMix64
    ) throws(LogStorageError) {
        self.voter = voter
        self.disk = disk
        let skewPerMille = plan.has(.clockSkew) ? plan.clockSkewPerMille : 0
        clock = SimulatedClock(skewPerMille: skewPerMille, using: &random)
        raft = Self.core(voter, try disk.open(), plan.settings, seed: random.next())
    }

    /// Whether an event of `life` still concerns this node.
    func lives(_ life: UInt64) -> Bool { isUp && self.life == life }

    // MARK: - Crash and restart

    /// Loses everything in memory; the disk is the caller's.
    mutating func crash() {
        isUp = false
        life += 1
        pausedUntilUS = 0
        held = []
        writes = []
        reads = []
        isDiskFull = false
        abdication = Abdication()
    }

    /// Starts again from what was found on the disk.
    mutating func restart(
        _ recovered: RecoveredLog,
        _ settings: RaftSettings,
        seed: UInt64
    ) throws(ByteDecodingError) {
        isUp = true
        raft = Self.core(voter, recovered, settings, seed: seed)
        machine = RegisterMachine()
        if let snapshot = recovered.snapshot {
            machine = try RegisterMachine(decoding: snapshot.state)
        }
        snapshotIndex = machine.applied
    }

    /// Never starts again; its disk stays as it is.
    mutating func leaveForGood() { isGone = true }

    /// Puts in another disk, under another store.
    mutating func replaceDisk(_ empty: SimulatedDisk, store: StoreID) {
        voter = Voter(node: voter.node, store: store)
        disk = empty
        isWiped = true
    }

    private static func core(
        _ voter: Voter,
        _ recovered: RecoveredLog,
        _ settings: RaftSettings,
        seed: UInt64
    ) -> Raft {
        Raft(
            settings: settings,
            me: voter,
            restored: recovered.hardState,
            snapshot: recovered.snapshot?.metadata,
            entries: recovered.entries,
            seed: seed
        )
    }
}
