// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// What one event of a world brought about, for the checkers.
struct Observation: Sendable {
    /// A write whose client was told that it is done.
    struct Acknowledgement: Sendable {
        let operation: Operation
        let position: LogPosition
    }

    /// A read whose client got its answer.
    struct ReadResult: Sendable {
        let operation: Operation
        let index: LogIndex
        /// Index of the write whose value was returned; 0 for none.
        let version: UInt64
    }

    /// A process that started again.
    struct Restart: Sendable {
        let crash: CrashRecord
        let found: LogContent
        /// What a loss of power right afterwards would leave.
        let durable: LogContent
    }

    let timeUS: UInt64
    /// Whom it concerned; `nil` for faults and clients.
    var node: Int?
    var effects: [RaftEffect] = []
    /// What left the node for the network.
    var sent: [(message: RaftMessage, to: Voter)] = []
    var acknowledgements: [Acknowledgement] = []
    var reads: [ReadResult] = []
    var restart: Restart?

    init(timeUS: UInt64) { self.timeUS = timeUS }
}

/// One client's request.
struct Operation: Sendable {
    enum Kind: Sendable, Equatable {
        case read
        case write
    }

    let id: UInt64
    let kind: Kind
    let key: Int
    let invokedUS: UInt64
    /// Everything that was committed when the client asked.
    let floor: LogIndex
    /// The key's last write by then.
    let versionFloor: UInt64
    var attemptCount = 0

    var request: RaftRequestID { RaftRequestID(id) }
}
