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
            store.allowCheckpoint()
            log.notice("the catalog was made anew and equals the majority's")
        case .snapshotDamaged(let index):
            log.critical(
                "memory has changed the catalog: its snapshot was not saved",
                metadata: ["raft.index": "\(index)"]
            )
        case .snapshotLost:
            log.critical("memory has changed the snapshot: restart this worker to rebuild it")
        case .alarm(let alarm):
            log.critical(
                "\(Self.describe(StateTrouble(alarm), of: "this worker"))",
                metadata: ["raft.index": "\(StateTrouble(alarm).index)"]
            )
        }
    }

    /// A restart from now on must not begin with what was written down of the wrong catalog.
    private func quarantined(_ own: StateDigest, _ agreed: StateDigest) {
        log.critical(
            "this worker's catalog differs from the majority's: making it anew",
            metadata: [
                "raft.index": "\(agreed.index)", "raft.digest": "\(hexText(own.value))",
                "raft.agreed": "\(hexText(agreed.value))",
            ]
        )
        do throws(MembershipStoreError) {
            try store.barCheckpoint()
        } catch {
            log.error("the checkpoint cannot be removed", metadata: ["error": "\(error)"])
        }
    }

    /// Own and heard, one of each kind and worker.
    var alarms: [CoordinationAlarm] {
        var troubles: [(who: String, what: StateTrouble)] = []
        for voter in voters {
            let trouble =
                voter == membership.node
                ? driver.flatMap { StateTrouble($0.state) }
                : health.answersNow(voter) ? health.report(of: voter)?.status.trouble : nil
            if let trouble { troubles.append((name(of: voter), trouble)) }
        }
        var alarms: [CoordinationAlarm] = []
        for (who, trouble) in troubles {
            let alarm = CoordinationAlarm(
                kind: trouble.kind.word,
                detail: Self.describe(trouble, of: who)
            )
            let isTold = alarms.contains { $0.kind == alarm.kind }
            if trouble.kind != .noMajority || !isTold { alarms.append(alarm) }
        }
        return alarms
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
        }
    }
}

extension StateTrouble {
    init(_ alarm: RaftAlarm) {
        switch alarm {
        case .noMajority(let index): self.init(kind: .noMajority, index: index)
        case .rebuildFailed(let index): self.init(kind: .rebuildFailed, index: index)
        }
    }
}

extension StateTrouble.Kind {
    /// The kind of the alarm, and the label of `tarn_alarm`.
    var word: String {
        switch self {
        case .rebuilding: "catalog-rebuilding"
        case .rebuildFailed: "catalog-rebuild-failed"
        case .noMajority: "catalog-no-majority"
        }
    }
}
