// SPDX-License-Identifier: Apache-2.0
import Foundation
package import Primitives
package import RaftCore
import Synchronization

/// Drives one voter's ``Raft`` core on a thread of its own.
///
/// ```
///   peers, clients, log ──▶ │ mailbox │ ──▶ step each ──▶ sends that need no disk: at once
///                                │                   └──▶ records: one batch to the log's thread
///                                └◀── "durable up to n" ── releases the messages that named it
/// ```
///
/// The core never waits for a disk, and heartbeats never queue behind one. Holds no policy: what to
/// do is in the core's effects.
package final class RaftDriver: Sendable {
    enum Event: Sendable {
        case received(RaftMessage, from: Voter)
        case propose([UInt8], OneShot<ProposalResult>)
        case read(OneShot<Result<LogIndex, RaftRefusal>>)
        case transfer(NodeID?)
        case change(MembershipChange, OneShot<MembershipRefusal?>)
        case disconnected(NodeID)
        case log(LogWriter.Completion)
    }

    /// What the driver needs from the world.
    package struct Ports: Sendable {
        package let send: @Sendable (RaftMessage, Voter) -> Void
        /// Milliseconds of a clock that never goes back.
        package let now: @Sendable () -> UInt64
        /// Called on the driver's thread when role, term or leader changed.
        package let roleChanged: @Sendable (RaftRole, Term, NodeID?) -> Void
        /// Seconds that one log batch took until it was durable.
        package let fsyncTook: @Sendable (Double) -> Void
        /// Called on the driver's thread; returns before the driver goes on.
        package let stateChanged: @Sendable (StateEvent) -> Void

        package init(
            send: @escaping @Sendable (RaftMessage, Voter) -> Void,
            now: @escaping @Sendable () -> UInt64,
            roleChanged: @escaping @Sendable (RaftRole, Term, NodeID?) -> Void,
            fsyncTook: @escaping @Sendable (Double) -> Void,
            stateChanged: @escaping @Sendable (StateEvent) -> Void = { _ in }
        ) {
            self.send = send
            self.now = now
            self.roleChanged = roleChanged
            self.fsyncTook = fsyncTook
            self.stateChanged = stateChanged
        }
    }

    /// Inputs waiting at most; beyond it proposals are refused and messages dropped, as a network
    /// would drop them.
    private static let mailboxLimit = 16_384

    private let mailbox = Mailbox<Event>(limit: mailboxLimit)
    private let published = Mutex(VoterState())
    private let finished = DispatchSemaphore(value: 0)
    private let writer: LogWriter
    private let machine: any StateMachine
    private let ports: Ports
    private let limits: CoordinationLimits

    package init(
        writer: LogWriter,
        machine: any StateMachine,
        ports: Ports,
        limits: CoordinationLimits = CoordinationLimits()
    ) {
        self.limits = limits
        self.writer = writer
        self.machine = machine
        self.ports = ports
    }

    /// Starts the thread; `makeCore` is called on it.
    ///
    /// `snapshot` is what the log was restored from, kept to be sent to voters that trail far behind.
    package func start(
        snapshot: (metadata: SnapshotMetadata, state: [UInt8])?,
        _ makeCore: @escaping @Sendable () -> Raft
    ) {
        let thread = Thread { [self] in
            var loop = RaftLoop(
                core: makeCore(),
                writer: writer,
                machine: machine,
                ports: ports,
                latestSnapshot: snapshot,
                limits: limits
            )
            while !mailbox.isClosed {
                let events = mailbox.takeAll(waitingAtMostMS: RaftLoop.tickMS)
                loop.turn(events)
                let state = loop.state
                published.withLock { $0 = state }
            }
            finished.signal()
        }
        thread.name = "tarn-raft"
        thread.start()
    }

    /// Ends the thread; blocks until then, at most a second.
    package func stop() {
        mailbox.close()
        _ = finished.wait(timeout: .now() + .seconds(1))
    }

    /// The state after the core's last step.
    package var state: VoterState { published.withLock { $0 } }

    package func received(_ message: RaftMessage, from voter: Voter) {
        mailbox.offer(.received(message, from: voter))
    }

    package func disconnected(from node: NodeID) { mailbox.offer(.disconnected(node)) }

    package func transferLeadership(to node: NodeID?) { mailbox.deliver(.transfer(node)) }

    /// Has a change of members appended; `nil` once it is, or at the deadline, which says nothing.
    package func changeMembers(
        _ change: MembershipChange,
        within limit: Timespan
    ) async -> MembershipRefusal? {
        let answer = OneShot<MembershipRefusal?>()
        guard mailbox.offer(.change(change, answer)) else { return .underWay }
        return await answer.value(within: limit) ?? nil
    }

    func completed(_ completion: LogWriter.Completion) { mailbox.deliver(.log(completion)) }

    /// Appends a command and waits until it is applied; ``ProposalResult/unknown`` at the deadline.
    package func propose(_ payload: [UInt8], within limit: Timespan) async -> ProposalResult {
        let answer = OneShot<ProposalResult>()
        guard mailbox.offer(.propose(payload, answer)) else { return .refused(.overloaded) }
        return await answer.value(within: limit) ?? .unknown
    }

    /// The index up to which a linearizable read must wait; `nil` at the deadline.
    package func readIndex(within limit: Timespan) async -> Result<LogIndex, RaftRefusal>? {
        let answer = OneShot<Result<LogIndex, RaftRefusal>>()
        guard mailbox.offer(.read(answer)) else { return .failure(.overloaded) }
        return await answer.value(within: limit)
    }
}
