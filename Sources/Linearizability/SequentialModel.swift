// SPDX-License-Identifier: Apache-2.0

/// What one copy of the data would do if everybody took turns: the specification of a history.
///
/// A model is a type without values; all it says is static. Keys are independent of each other, so a
/// history is linearizable exactly when its part for each key is (Herlihy and Wing's locality).
package protocol SequentialModel {
    /// What an operation is about; histories are checked key by key.
    associatedtype Key: Hashable, Comparable, Sendable, CustomStringConvertible
    /// Everything about one key that later answers depend on. Equal states must answer equally.
    associatedtype State: Hashable, Sendable
    associatedtype Input: Hashable, Sendable, CustomStringConvertible
    associatedtype Output: Sendable, CustomStringConvertible

    /// The state of every key before the first operation.
    static var initial: State { get }

    static func key(of input: Input) -> Key

    /// The state after `input` took effect in `state`, or `nil` if it cannot have answered `output`.
    ///
    /// Without an output the caller never learned what happened: the state after a success, `nil` where
    /// it would have changed nothing (such an operation may as well never have happened).
    static func apply(_ input: Input, to state: State, giving output: Output?) -> State?

    /// When an operation happened, where its answer tells: a number that never decreases along any order
    /// of one key's operations that the model accepts. `nil`: it does not tell.
    ///
    /// Only makes the search faster; with revisions in the answers, by very much.
    static func rank(of output: Output) -> UInt64?
}

extension SequentialModel {
    package static func rank(of output: Output) -> UInt64? { nil }
}
