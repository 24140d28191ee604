// SPDX-License-Identifier: Apache-2.0

/// Two operations, or one, that no order by revision can explain.
package enum RevisionViolation: Sendable, CustomStringConvertible {
    package typealias Operation = History<VersionedMap>.Operation

    /// Two writes were told the same revision.
    case repeated(Operation, Operation)
    /// `earlier` had ended before `later` began, and was told the higher revision.
    case writesOutOfOrder(earlier: Operation, later: Operation)
    /// `first` had ended before `second` began, and `second` saw an older state of the whole map.
    case wentBack(first: Operation, second: Operation)
    /// What was written or seen by one that had ended before the reader began, the reader did not see.
    case stale(before: Operation, reader: Operation)
    /// By its revision the write lies between what the reader saw and the state it says it saw.
    case skipped(write: Operation, reader: Operation)
    /// The write of the revision that was seen wrote something else, or elsewhere.
    case otherWrite(write: Operation, reader: Operation)
    /// The write that was seen began only after the reader had ended.
    case fromTheFuture(write: Operation, reader: Operation)
    /// Nobody ever asked for what was seen.
    case unwritten(reader: Operation)
    /// The answer contradicts the condition of the write itself.
    case absurd(Operation)

    package var description: String {
        switch self {
        case .repeated(let first, let second):
            Self.lines("two writes have one revision:", first, second)
        case .writesOutOfOrder(let earlier, let later):
            Self.lines("the later write has the lower revision:", earlier, later)
        case .wentBack(let first, let second):
            Self.lines("the later operation saw an older state:", first, second)
        case .stale(let before, let reader):
            Self.lines("what had been written or seen before was not seen:", before, reader)
        case .skipped(let write, let reader):
            Self.lines("a write with a revision in between was not seen:", write, reader)
        case .otherWrite(let write, let reader):
            Self.lines("what was seen is not what was written at that revision:", write, reader)
        case .fromTheFuture(let write, let reader):
            Self.lines("seen before anybody asked for it:", write, reader)
        case .unwritten(let reader): Self.lines("nobody ever wrote what was seen:", reader)
        case .absurd(let operation): Self.lines("the answer contradicts the condition:", operation)
        }
    }

    private static func lines(_ head: String, _ operations: Operation...) -> String {
        ([head] + operations.map { "  \($0)" }).joined(separator: "\n")
    }
}
