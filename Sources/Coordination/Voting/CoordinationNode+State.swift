// SPDX-License-Identifier: Apache-2.0
import Logging
import Primitives
import RaftCore

/// What is said and done about catalogs that differ.
extension CoordinationNode {
    static let disputeReason =
        "no majority of the voters holds the same catalog, so nothing is written: see the alarms"

    func stateChanged(_ event: StateEvent) {
        switch event {
        case .quarantined(let own, let agreed): quarantined(own, agreed)
        case .rebuilt:
            log.notice("the catalog was made anew and equals the majority's")
        case .snapshotDamaged(let index):
            log.critical(
                "memory has changed the catalog: its snapshot was not saved",
                metadata: ["raft.index": "\(index)"]
            )
        case .snapshotLost:
            log.critical("memory has changed the snapshot: restart this worker to rebuild it")
        case .alarm(let alarm):
            guard let trouble = StateTrouble(alarm) else {
                log.warning("the log's disk is slow: leadership goes to a voter that is quicker")
                return
            }
            log.critical(
                "\(Self.describe(trouble, of: "this worker"))",
                metadata: ["raft.index": "\(trouble.index)"]
            )
        }
    }

    private func quarantined(_ own: StateDigest, _ agreed: StateDigest) {
        log.critical(
            "this worker's catalog differs from the majority's: making it anew",
            metadata: [
                "raft.index": "\(agreed.index)", "raft.digest": "\(hexText(own.value))",
                "raft.agreed": "\(hexText(agreed.value))",
            ]
        )
        Task { removeCheckpoint() }  // It waits for the disk: not on the loop that called.
    }

    /// A restart from now on must not begin with what was written down of the wrong catalog.
    private func removeCheckpoint() {
        do throws(MembershipStoreError) {
            try store.removeCheckpoint()
        } catch {
            log.error("the checkpoint cannot be removed", metadata: ["error": "\(error)"])
        }
    }

    /// What this worker has to say of itself: what was raised, and how its catalog stands now.
    var ownAlarms: [Alarm] {
        let trouble = driver.flatMap { StateTrouble($0.state) }
        let told = trouble.map { Alarm($0.kind.alarm, Self.describe($0, of: "this worker")) }
        return alarms.current + (told.map { [$0] } ?? [])
    }

    private static func describe(_ trouble: StateTrouble, of who: String) -> String {
        switch trouble.kind {
        case .rebuilding:
            "the catalog of \(who) differed from the majority's and is being made anew; check its "
                + "memory"
        case .rebuildFailed:
            "the catalog of \(who), made anew from snapshot and log, still differs at entry "
                + "\(trouble.index): restart it; if that does not help, replace it"
        case .noMajority:
            "at entry \(trouble.index) no majority of the voters holds the same catalog, so nothing "
                + "is written: restart the voters one by one without the file 'catalog' of their "
                + "data directory, and replace those that still differ"
        case .unproven:
            "since entry \(trouble.index) no majority of the voters was found to hold the same "
                + "catalog as \(who): see to it that all voters run; when too many entries have "
                + "gathered behind it nothing is written any more"
        }
    }
}

extension StateTrouble {
    init?(_ alarm: RaftAlarm) {
        switch alarm {
        case .noMajority(let index): self.init(kind: .noMajority, index: index)
        case .rebuildFailed(let index): self.init(kind: .rebuildFailed, index: index)
        case .unproven(let index): self.init(kind: .unproven, index: index)
        case .slowDisk: return nil
        }
    }
}

extension StateTrouble.Kind {
    var alarm: Alarm.Kind {
        switch self {
        case .rebuilding: .catalogRebuilding
        case .rebuildFailed: .catalogRebuildFailed
        case .noMajority: .catalogNoMajority
        case .unproven: .catalogUnproven
        }
    }
}
