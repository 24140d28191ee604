// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// What the voter's driver applies committed entries to.
///
/// Called on the driver's thread, in log order, once an index; must not wait.
package protocol StateMachine: Sendable {
    /// A command as the leader that takes it writes it to the log, with its time in it.
    func stamped(_ payload: [UInt8]) -> [UInt8]
    /// Applies one command; returns what its proposer is told.
    ///
    /// An index at or before the last applied one changes nothing.
    func apply(index: LogIndex, payload: [UInt8]) -> [UInt8]
    /// A configuration entry was committed: the state may keep who votes.
    func configure(index: LogIndex, payload: [UInt8])
    /// An entry that is neither was committed.
    func advance(to index: LogIndex)
    /// The state after the last applied index; encoding it may take long and is done elsewhere.
    func capture() -> (index: LogIndex, encode: @Sendable () -> [UInt8])
    /// Replaces the state by a leader's snapshot.
    func restore(_ state: [UInt8], at index: LogIndex)
}
