// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import RaftCore

/// What one event of a world brought about, for the checkers.
struct Observation: Sendable {
    /// A process that started again.
    struct Restart: Sendable {
        let crash: CrashRecord
        /// Whether the medium held something else than what was synced.
        let wasDamaged: Bool
        let found: LogContent
        /// What a loss of power right afterwards would leave.
        let durable: LogContent
    }

    let timeUS: UInt64
    /// Whom it concerned; `nil` for faults and clients.
    var node: Int?
    /// What cores asked their disks for.
    var writes: [LogWrite] = []
    /// What cores handed to their state machines.
    var applied: [[LogEntry]] = []
    /// What commands with an idempotency key came to where a node applied them for itself.
    var outcomes: [(operation: UInt64, outcome: CatalogOutcome)] = []
    /// What left the node for the network and promises something: votes and acknowledgements.
    var promises: [(message: RaftMessage, to: Voter)] = []
    /// What clients were told.
    var answers: [(operation: Operation, answer: Operation.Answer)] = []
    /// None, or one; an array because it is large and rare.
    var restarts: [Restart] = []

    init(timeUS: UInt64) { self.timeUS = timeUS }
}
