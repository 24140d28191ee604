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
    ///
    /// `encode` gives `nil` where memory has changed what was captured.
    func capture() -> (index: LogIndex, encode: @Sendable () -> [UInt8]?)
    /// Replaces the state by a leader's snapshot.
    func restore(_ state: [UInt8], at index: LogIndex)

    /// The digest of the state right after `index`; `nil` where it is further on.
    func digest(at index: LogIndex) -> UInt64?
    /// Looks at all that is held, so that ``digest(at:)`` shows what memory has changed.
    func inspect()
    /// Begins another state beside the one that is shown: from `state`, or empty.
    ///
    /// What is applied from now on goes there. `false`: `state` cannot be read.
    func beginRebuild(from state: [UInt8]?, at index: LogIndex) -> Bool
    /// Puts the state begun by ``beginRebuild(from:at:)``, if there is one, in the other's place.
    func endRebuild()
}
