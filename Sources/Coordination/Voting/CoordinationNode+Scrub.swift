// SPDX-License-Identifier: Apache-2.0
import Glibc
package import LogStorage
import Logging
package import Primitives
import Synchronization

/// What follows when the scrub finds that the disk has lost part of a voter's log.
///
/// ```
///   damage ──▶ metric, alarm, log line
///     └─ what no opening could repair ──▶ written down ──▶ the other voters can spare this one
///           ──▶ ``rotFound(within:)``: the worker ends in order, gives its store up, starts again
/// ```
extension CoordinationNode {
    func scrubbed(_ result: Result<LogScrub.Turn, LogStorageError>) {
        switch result {
        case .success(let turn):
            metrics.logRead(byteCount: turn.byteCount)
            found(turn.damage)
        case .failure(.deadDisk(let failure)):
            log.critical(
                """
                the disk of the voter's log reads nothing any more; ending at once. What was \
                acknowledged is with a quorum. Look at the disk (dmesg, smartctl), then start the \
                worker again
                """,
                metadata: ["error": "\(failure)", "alarm": "disk-error"]
            )
            _exit(1)
        case .failure(let error):
            alarms.raise(.logRot, "the scrub: \(error)")
            log.critical("the voter's log cannot be read again", metadata: ["error": "\(error)"])
        }
    }

    private func found(_ damage: [LogScrub.Damage]) {
        guard membership.state.isVoter else { return }  // A last word after the vote was laid down.
        let news = self.damage.withLock { known in
            defer { known = damage }
            return damage.filter { !known.contains($0) }
        }
        for file in news {
            log.critical(
                "a file of the voter's log is damaged",
                metadata: [
                    "log.file": "\(file.file)", "log.finding": "\(file.finding.rawValue)",
                    "log.detail": "\(file.detail)",
                ]
            )
        }
        writeDown(damage.first(where: \.isRot))
        guard let worst = damage.first(where: \.isRot) ?? damage.first else {
            return alarms.clear(.logRot)
        }
        alarms.raise(.logRot, worst.words(isRebuilt: otherVotersNow.count >= voters.count / 2 + 1))
    }

    /// Makes sure that no start takes what was lost for what was never written, whatever happens next.
    ///
    /// What could not be written is tried again after the next turn. `nil` is rot that has gone: its
    /// file was dropped behind a snapshot of what memory holds, so the log is whole again.
    private func writeDown(_ rot: LogScrub.Damage?) {
        do throws(MembershipStoreError) {
            if let rot { try store.condemn(rot.refusal) } else { try store.withdrawCondemnation() }
        } catch {
            log.critical(
                "what the scrub found cannot be written down: do not restart this voter",
                metadata: ["error": "\(error)"]
            )
        }
    }

    /// What this voter's log has to be given up for; waits until there is something.
    package func rotFound(within limit: Timespan) async -> RecoveryFinding? {
        _ = await rotMark.wait(for: 1, within: limit)
        return rot.withLock { $0 }
    }
}

extension LogScrub.Damage {
    fileprivate func words(isRebuilt: Bool) -> String {
        let facts = "log file \(file) is damaged (\(finding.rawValue))"
        if !isRot { return facts + "; another copy is in use, and it will be written again" }
        return isRebuilt
            ? facts + "; this voter gives its store up and comes back as a new one"
            : facts + "; this voter goes on from memory until a quorum of the others answers: see "
                + "to it that they do, and do not restart it before"
    }
}
