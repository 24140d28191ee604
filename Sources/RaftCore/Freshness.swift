// SPDX-License-Identifier: Apache-2.0

import Primitives

/// How old a voter's applied state may be, measured on its own clock alone.
///
/// A leader counts from its last round that a quorum answered. A follower's stamp travels to the leader and back in a heartbeat. The leader sent that heartbeat
/// after it had the stamp, and a quorum still followed it `quorumAge` earlier. So once everything
/// the leader had committed is applied here, the state is at least as new as `echo − quorumAge`.
struct Freshness: Sendable {
    /// The applied state contains everything committed before this time; `nil` if not known.
    private(set) var confirmedAtMS: UInt64?
    /// What the time will be once `target` is applied.
    private var next: (target: LogIndex, timeMS: UInt64)?

    mutating func heard(_ heartbeat: Heartbeat, now: UInt64, applied: LogIndex) {
        let age = UInt64(heartbeat.quorumAge)
        guard heartbeat.echo > age, heartbeat.echo <= now else { return }
        reached(heartbeat.leaderCommit, timeMS: heartbeat.echo - age, applied: applied)
    }

    /// Everything committed before `timeMS` is at or before `target`.
    mutating func reached(_ target: LogIndex, timeMS: UInt64, applied: LogIndex) {
        if target <= applied {
            confirm(timeMS)
        } else if next == nil {
            next = (target, timeMS)  // Later ones wait: the state catches up with this one first.
        }
    }

    mutating func applied(_ index: LogIndex) {
        guard let due = next, due.target <= index else { return }
        next = nil
        confirm(due.timeMS)
    }

    private mutating func confirm(_ timeMS: UInt64) {
        confirmedAtMS = max(confirmedAtMS ?? 0, timeMS)
    }
}
