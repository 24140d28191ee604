// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Primitives
import RaftCore

/// One voter: the production core and its catalog, and around them what a driver would keep.
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

    /// What a fault did to the memory that holds the catalog.
    struct Flip: Sendable {
        /// The first comparison at which the catalog was another than the others'.
        var differsSince: LogIndex?
    }

    private(set) var voter: Voter
    var raft: Raft
    private(set) var disk: SimulatedDisk
    var machine = ReplicatedCatalog()
    /// Counts the states that took the place of another in this life.
    private(set) var stateCount = 0
    /// The state is being made anew; nobody is told anything of it.
    private(set) var isRebuilding = false
    /// A bit of the catalog has turned; `nil`: none has.
    private(set) var flip: Flip?

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
    /// The newest durable one, as drivers keep it in memory.
    var latestSnapshot: (metadata: SnapshotMetadata, state: [UInt8])?
    /// A state that becomes a snapshot once it is known to be the majority's.
    var captured: ReplicatedCatalog?

    /// The term in which it asked last for the catalog's first command.
    var formedIn: Term?
    var age = ClusterAge()

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
        (captured, formedIn, flip) = (nil, nil, nil)
        isRebuilding = false
        age = ClusterAge()
    }

    /// Starts again from what was found on the disk.
    mutating func restart(
        _ recovered: RecoveredLog,
        _ settings: RaftSettings,
        seed: UInt64
    ) throws(ByteDecodingError) {
        isUp = true
        raft = Self.core(voter, recovered, settings, seed: seed)
        machine = ReplicatedCatalog()
        if let snapshot = recovered.snapshot {
            machine = try ReplicatedCatalog(
                decoding: snapshot.state,
                at: snapshot.metadata.position.index
            )
        }
        snapshotIndex = machine.applied
        latestSnapshot = recovered.snapshot.map { ($0.metadata, $0.state) }
    }

    // MARK: - Other states in the place of the one before

    /// Takes over a leader's snapshot.
    mutating func install(_ state: ReplicatedCatalog) {
        replaceState(by: state)
        isRebuilding = false
        snapshotIndex = state.applied
        writes.removeAll { $0.position.index <= state.applied }
    }

    /// Throws its state away and begins with another.
    mutating func beginRebuild(from state: ReplicatedCatalog) {
        replaceState(by: state)
        isRebuilding = true
    }

    /// What was made anew is sound; watchers have to load it.
    mutating func endRebuild() {
        machine.forgetChanges()
        isRebuilding = false
    }

    private mutating func replaceState(by state: ReplicatedCatalog) {
        machine = state
        captured = nil
        stateCount += 1
    }

    // MARK: - Memory that changes by itself

    mutating func flip(_ worker: NodeID) throws(ByteDecodingError) {
        try machine.flipBit(ofWorker: worker)
        flip = flip ?? Flip()
    }

    mutating func differs(since index: LogIndex) { flip?.differsSince = index }

    mutating func endFlip() { flip = nil }

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
