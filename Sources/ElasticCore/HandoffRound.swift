// SPDX-License-Identifier: Apache-2.0
import Primitives

/// What one ring's move has come to.
package struct HandoffRound: Sendable {
    package let situation: HandoffSituation
    package var ledger: HandoffLedger
    package private(set) var progress: HandoffProgress
    package var isFirst = true

    package init(_ situation: HandoffSituation) {
        self.situation = situation
        ledger = HandoffLedger(epoch: situation.epoch)
        progress = HandoffProgress(epoch: situation.epoch)
    }

    package mutating func found(_ scan: HandoffScan) {
        progress.remainingPages = scan.openPages
        progress.remainingBytes = scan.openBytes
        progress.refusedPages = scan.refusedPages
        progress.refusedBytes = scan.refusedBytes
        progress.movedPages = ledger.movedPages
        progress.movedBytes = ledger.movedBytes
    }

    package mutating func note(
        _ answer: OfferAnswer,
        on batch: MoveBatch
    ) -> HandoffLedger.Outcome {
        let before = (ledger.acknowledgedCount, ledger.acknowledgedBytes)
        let outcome = ledger.note(answer, on: batch)
        progress.remainingPages -= min(
            progress.remainingPages,
            ledger.acknowledgedCount - before.0
        )
        progress.remainingBytes -= min(
            progress.remainingBytes,
            ledger.acknowledgedBytes - before.1
        )
        progress.movedPages = ledger.movedPages
        progress.movedBytes = ledger.movedBytes
        return outcome
    }
}
