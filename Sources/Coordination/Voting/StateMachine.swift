// SPDX-License-Identifier: Apache-2.0
package import Primitives
package import RaftCore

/// What the voter's driver applies committed entries to.
///
/// Called on the driver's thread, in log order, once an index; must not wait. What may take long says
/// so, and is called elsewhere.
package protocol StateMachine: Sendable {
    /// A command as the leader that takes it writes it to the log, with its time in it.
    func stamped(_ payload: [UInt8]) -> [UInt8]
    /// What a command is for; looked at before it is taken.
    func purpose(of payload: [UInt8]) -> Proposal.Purpose
    /// Applies entries, whose effects become visible together; returns what each one's proposer is told.
    ///
    /// An index at or before the last applied one changes nothing.
    func apply(_ entries: ArraySlice<LogEntry>) -> [[UInt8]]
    /// The state after the last applied index; encoding it may take long and is done elsewhere.
    ///
    /// `encode` gives `nil` where memory has changed what was captured.
    func capture() -> (index: LogIndex, encode: @Sendable () -> [UInt8]?)
    /// Reads a leader's snapshot; may take long, and is called on a thread of its own.
    ///
    /// - Returns: Replaces the state by it; called on the driver's thread.
    func prepareRestore(_ state: [UInt8], at index: LogIndex) -> @Sendable () -> Void

    /// How far the state is: behind a start, and on a full disk, it may be ahead of the log.
    var applied: LogIndex { get }
    /// The digest of the state right after `index`; `nil` where it is further on.
    func digest(at index: LogIndex) -> UInt64?
    /// Looks at all that is held, so that ``digest(at:)`` shows what memory has changed.
    func inspect()
    /// The state differs from the majority's: nobody is to take it over from now on.
    func doubt()
    /// Makes another state beside the one that is shown: from `state`, or empty.
    ///
    /// May take long, and is called on a thread of its own.
    /// - Returns: What is applied after its call goes to the other state; called on the driver's
    ///   thread. `nil` where `state` cannot be read.
    func prepareRebuild(
        from state: [UInt8]?,
        at index: LogIndex
    ) -> (@Sendable () -> Void)?
    /// Puts the state made by ``prepareRebuild(from:at:)``, if there is one, in the other's place.
    func endRebuild()
}
