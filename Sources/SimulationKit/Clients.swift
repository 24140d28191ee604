// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// Everybody who uses the cluster: a fixed number of clients, each with one operation at a time.
///
/// A client that gives up leaves the outcome open and goes on with the next sequence number, so a
/// late copy of what it gave up is recognised as such by the state machine.
struct Clients: Sendable {
    /// Every operation ever asked for, by its id less one.
    private(set) var operations: [Operation] = []
    /// For each client the operation it waits for.
    private var current: [UInt64?]
    private var sequences: [UInt32]

    init(count: Int) {
        current = Array(repeating: nil, count: count)
        sequences = Array(repeating: 0, count: count)
    }

    subscript(_ id: UInt64) -> Operation { operations[Int(id) - 1] }

    /// Begins an operation for a client that has none; `nil` if all are busy.
    mutating func begin(
        _ make: (_ id: UInt64, _ client: Int, _ sequence: UInt32) -> Operation
    ) -> UInt64? {
        guard let client = current.firstIndex(of: nil) else { return nil }
        let id = UInt64(operations.count) + 1
        sequences[client] += 1
        operations.append(make(id, client, sequences[client]))
        current[client] = id
        return id
    }

    mutating func attempted(_ id: UInt64) { operations[Int(id) - 1].attemptCount += 1 }

    /// Ends an operation; its client is free for the next.
    mutating func end(_ id: UInt64, _ ending: Operation.Ending) {
        operations[Int(id) - 1].ending = ending
        current[operations[Int(id) - 1].client] = nil
    }

    /// An attempt may have left something behind: the outcome is open unless one is reported.
    mutating func becameUncertain(_ id: UInt64) { operations[Int(id) - 1].isUncertain = true }
}

/// One client's request.
struct Operation: Sendable {
    enum Kind: Sendable, Equatable {
        case read
        case write
        /// Writes if the key's last write is still the one at this index.
        case swap(version: UInt64)
    }

    enum Ending: Sendable, Equatable {
        /// The client waits.
        case none
        /// What it was told, and when.
        case answered(Answer, atUS: UInt64)
        /// Certainly without effect.
        case failed
        /// The client gave up.
        case unknown
    }

    enum Answer: Sendable, Equatable {
        /// The write is done, at this index.
        case written(LogIndex)
        /// The swap found the key's last write at this index.
        case mismatch(version: UInt64)
        /// The key's last write, by operation and index, 0 for none, seen in the state as of `index`.
        case read(value: UInt64, version: UInt64, index: LogIndex)
    }

    let id: UInt64
    let kind: Kind
    let key: Int
    let client: Int
    /// Counts the client's operations.
    let sequence: UInt32
    let invokedUS: UInt64
    /// Everything that was committed when the client asked.
    let floor: LogIndex
    /// The key's last write by then.
    let versionFloor: UInt64
    var attemptCount = 0
    var isUncertain = false
    var ending = Ending.none

    var isOpen: Bool { ending == .none }

    var command: RegisterCommand {
        var expected: UInt64?
        if case .swap(let version) = kind { expected = version }
        return RegisterCommand(
            operation: id,
            key: key,
            client: client,
            sequence: sequence,
            expected: expected
        )
    }
}
