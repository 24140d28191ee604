// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Primitives
import RaftCore

/// One voter of a scenario: the production core and what a driver keeps around it.
struct ScenarioNode {
    struct HeldMessage {
        let message: RaftMessage
        let to: Voter
        let after: WriteSequence
    }

    struct WaitingRead {
        let request: RaftRequestID
        let index: LogIndex
    }

    private(set) var voter: Voter
    var disk: ScenarioDisk
    /// `nil` while it is down.
    var raft: Raft?
    var machine = CommandMachine()
    var held: [HeldMessage] = []
    var reads: [WaitingRead] = []
    /// Entries handed out and not applied, while applying is held.
    var backlog: [LogEntry] = []
    var isApplyingHeld = false
    /// Its monotonic clock, in milliseconds; goes on while it is down.
    var clockMS: UInt64 = 1_000
    /// Why the log could not be opened, the last time.
    var refusal: LogStorageError?
    private var startCount: UInt64 = 0

    init(_ voter: Voter, _ disk: ScenarioDisk) {
        self.voter = voter
        self.disk = disk
    }

    mutating func start(_ settings: RaftSettings) {
        startCount += 1
        refusal = nil
        do throws(LogStorageError) {
            let recovered = try disk.open()
            raft = Raft(
                settings: settings,
                me: voter,
                restored: recovered.hardState,
                snapshot: recovered.snapshot?.metadata,
                entries: recovered.entries,
                seed: voter.node.rawValue &+ 1_000 &* startCount
            )
            machine = CommandMachine()
            if let snapshot = recovered.snapshot {
                machine = CommandMachine(
                    state: snapshot.state,
                    at: snapshot.metadata.position.index
                )
            }
        } catch {
            refusal = error
        }
    }

    /// Throws the state machine away and takes another, from a snapshot or from nothing.
    mutating func beginAnew(from snapshot: SnapshotMetadata?) {
        machine = CommandMachine()
        backlog = []
        guard let snapshot,
            let state = try? disk.storage?.readSnapshot(
                snapshot,
                offset: 0,
                byteCount: Int(clamping: snapshot.byteCount)
            )
        else { return }
        machine = CommandMachine(state: state, at: snapshot.position.index)
    }

    /// Loses everything in memory.
    mutating func stop() {
        raft = nil
        held = []
        reads = []
        backlog = []
        disk.isHeld = false
        disk.forget()
    }

    mutating func replaceDisk(_ disk: ScenarioDisk, store: StoreID) {
        voter = Voter(node: voter.node, store: store)
        self.disk = disk
    }
}
