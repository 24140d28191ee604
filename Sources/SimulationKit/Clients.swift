// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import RaftCore

/// Everybody who uses the cluster: a fixed number of clients, each with one operation at a time.
///
/// A client that gives up leaves the outcome open and goes on with the next sequence number. With an
/// idempotency key it asks again after silence: the catalog knows a copy by it. Without one it gives up.
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
        /// Puts a mount, whatever is there.
        case write
        /// Puts one where there is none.
        case create
        /// Puts one if the present one is of this revision; 0: if there is none.
        case swap(version: UInt64)
        /// Takes the mount away, if it is of this revision, whatever it is for `nil`.
        case remove(version: UInt64?)
        /// Changes a worker's life.
        case work(WorkerChange)
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
        /// The mount is put, at this revision, by the operation `value`.
        case written(revision: Revision, value: UInt64)
        case removed
        /// The present mount has this revision, 0 if there is none; nothing was done.
        case mismatch(version: UInt64)
        /// What was asked of a worker has been done.
        case done
        /// What was asked cannot be done.
        case declined
        /// The operation that put the mount, and its revision, 0 for none, seen in the state as of `index`,
        /// which is of `revision`.
        case read(value: UInt64, version: UInt64, index: LogIndex, revision: Revision)
    }

    let id: UInt64
    let kind: Kind
    let key: Int
    let client: Int
    /// Counts the client's operations.
    let sequence: UInt32
    /// Whether it has an idempotency key, so that it may be asked for again.
    let isKeyed: Bool
    let invokedUS: UInt64
    /// Everything that was committed when the client asked.
    let floor: LogIndex
    /// The catalog's newest revision by then.
    let revisionFloor: Revision
    var attemptCount = 0
    var isUncertain = false
    var ending = Ending.none

    var isOpen: Bool { ending == .none }
}
