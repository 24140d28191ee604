// SPDX-License-Identifier: Apache-2.0

/// What clients asked for and were told, as it is recorded while they do.
///
/// ```
///   client 1   ├──── put k=7 ────┤ revision 4
///   client 2        ├─ get k ─┤ 7, revision 4
///   client 3          ├──── put k=8 ───────────────────────  nobody knows: open to the end
/// ```
///
/// Times come from one clock for all clients, in any unit that only grows: simulated microseconds or a
/// count of events. An operation that ends at the time at which another begins is concurrent with it.
package struct History<Model: SequentialModel>: Sendable {
    /// How an operation came out, as far as its client knows.
    package enum Ending: Sendable {
        /// No answer, or one that leaves it open: it takes effect at any later time, or never.
        case open
        /// Answered; it took effect, if it has one, between its begin and `at`.
        case completed(Model.Output, at: UInt64)
        /// Certainly without effect, and its answer says nothing about the data.
        case void
    }

    package struct Operation: Sendable, CustomStringConvertible {
        /// Its place in ``History/operations``.
        package let id: Int
        package let client: UInt64
        package let input: Model.Input
        package let beganAt: UInt64
        package internal(set) var ending = Ending.open

        /// `nil` while it is open.
        package var endedAt: UInt64? {
            if case .completed(_, let time) = ending { time } else { nil }
        }

        package var output: Model.Output? {
            if case .completed(let output, _) = ending { output } else { nil }
        }

        package var description: String {
            let end = endedAt.map { "\($0)" } ?? "…"
            let answer = output.map { "\($0)" } ?? "no answer"
            return "[\(beganAt), \(end)] client \(client): \(input) → \(answer)"
        }
    }

    /// In the order in which they began, void ones included.
    package private(set) var operations: [Operation] = []

    package init() {}

    /// Records that a client asks for something; the result names the operation.
    package mutating func began(
        _ input: Model.Input,
        by client: UInt64,
        at time: UInt64
    ) -> Int {
        if let last = operations.last {
            precondition(last.beganAt <= time, "\(input) at \(time) begins before \(last)")
        }
        let id = operations.count
        operations.append(Operation(id: id, client: client, input: input, beganAt: time))
        return id
    }

    /// Records an answer that is a fact: a success, or a refusal that tells something about the data.
    package mutating func ended(_ id: Int, with output: Model.Output, at time: UInt64) {
        let operation = operations[id]
        guard case .open = operation.ending else {
            preconditionFailure("answered twice: \(operation)")
        }
        precondition(operation.beganAt <= time, "\(operation) ends at \(time), before it begins")
        operations[id].ending = .completed(output, at: time)
    }

    /// Records that an operation certainly took no effect, as `not-applied` says; or that a read failed.
    ///
    /// An operation that is neither ended nor failed stays open: `outcome: unknown`.
    package mutating func failed(_ id: Int) {
        let operation = operations[id]
        guard case .open = operation.ending else {
            preconditionFailure("answered twice: \(operation)")
        }
        operations[id].ending = .void
    }
}
