// SPDX-License-Identifier: Apache-2.0
import Dispatch
package import NIOCore
package import Primitives
package import RaftCore
import Synchronization

/// Drives one voter's ``Raft`` core on one event loop.
///
/// ```
///   peers, clients, log ──▶ │ inbox │ ──▶ step each ──▶ sends that need no disk: at once
///                               │                  └──▶ records: one batch to the log's thread
///                               └◀── "durable up to n" ── releases the messages that named it
/// ```
///
/// The loop is the one that the connections to the other voters live on: a message from a peer is
/// stepped, and answered, without another thread being woken. A round of all voters then costs two
/// wake-ups a voter where a thread of the core's own cost four (`Docs/coordination.md`, "Threads").
/// Everything that has come in by the time the loop turns to it is one turn, so that one disk write
/// serves many requests.
///
/// The core never waits for a disk, and heartbeats never queue behind one. Holds no policy: what to
/// do is in the core's effects.
package final class RaftDriver: Sendable {
    enum Event: Sendable {
        case received(RaftMessage, from: Voter)
        /// Deadlines by the monotonic clock, in milliseconds.
        case propose([UInt8], OneShot<ProposalResult>, deadlineMS: UInt64)
        case read(OneShot<Result<LogIndex, RaftRefusal>>, deadlineMS: UInt64)
        case transfer(NodeID?)
        case stand
        case change(MembershipChange, OneShot<MembershipRefusal?>, deadlineMS: UInt64)
        case disconnected(NodeID)
        case log(LogWriter.Completion)
        case prepared(RaftLoop.Prepared)

        /// Bytes that others made us keep.
        var weight: Int {
            switch self {
            case .received(let message, from: _): message.weight
            case .propose(let payload, _, deadlineMS: _): payload.count
            case .read, .transfer, .stand, .change, .disconnected, .log, .prepared: 0
            }
        }
    }

    /// What waits for the loop's next turn.
    private struct Inbox {
        var events: [Event] = []
        var byteCount = 0
        var isTurnDue = false
        var isClosed = false
    }

    /// What the driver needs from the world.
    package struct Ports: Sendable {
        package let send: @Sendable (RaftMessage, Voter) -> Void
        /// Milliseconds of a clock that never goes back.
        package let now: @Sendable () -> UInt64
        /// Called on the driver's loop when role, term or leader changed.
        package let roleChanged: @Sendable (RaftRole, Term, NodeID?) -> Void
        /// Seconds that one log batch took until it was durable.
        package let fsyncTook: @Sendable (Double) -> Void
        /// Called on the driver's thread; returns before the driver goes on.
        package let stateChanged: @Sendable (StateEvent) -> Void
        /// The log's disk has more or less room than before.
        package let spaceChanged: @Sendable (DiskSpace) -> Void

        package init(
            send: @escaping @Sendable (RaftMessage, Voter) -> Void,
            now: @escaping @Sendable () -> UInt64,
            roleChanged: @escaping @Sendable (RaftRole, Term, NodeID?) -> Void,
            fsyncTook: @escaping @Sendable (Double) -> Void,
            stateChanged: @escaping @Sendable (StateEvent) -> Void = { _ in },
            spaceChanged: @escaping @Sendable (DiskSpace) -> Void
        ) {
            self.send = send
            self.now = now
            self.roleChanged = roleChanged
            self.fsyncTook = fsyncTook
            self.stateChanged = stateChanged
            self.spaceChanged = spaceChanged
        }
    }

    /// One state, read by many at the price of a reference.
    private final class Published: Sendable {
        let state: VoterState

        init(_ state: VoterState) { self.state = state }
    }

    /// Inputs waiting at most; beyond it proposals are refused and messages dropped, as a network
    /// would drop them.
    private static let inboxLimit = 16_384

    /// Bytes of entries, snapshots and proposals waiting at most, unless it is a single one.
    private static let inboxBytes = 64 << 20

    private let loop: any EventLoop
    private let inbox = Mutex(Inbox())
    private let raft: NIOLoopBoundBox<RaftLoop?>
    private let published = Mutex(Published(VoterState()))
    private let finished = DispatchSemaphore(value: 0)
    /// Where states are read, for that may take long.
    private let aside = DispatchQueue(label: "tarn-states")
    private let writer: LogWriter
    private let machine: any StateMachine
    private let ports: Ports
    private let limits: CoordinationLimits
    private let arrivals: ArrivingSnapshotFile?

    /// A driver that runs on `loop`, which outlives it.
    package init(
        loop: any EventLoop,
        writer: LogWriter,
        machine: any StateMachine,
        ports: Ports,
        limits: CoordinationLimits = CoordinationLimits(),
        arrivals: ArrivingSnapshotFile? = nil
    ) {
        self.loop = loop
        self.arrivals = arrivals
        raft = .makeEmptyBox(valueType: RaftLoop.self, eventLoop: loop)
        self.limits = limits
        self.writer = writer
        self.machine = machine
        self.ports = ports
    }

    /// Starts turning; `makeCore` is called on the loop.
    ///
    /// `snapshot` is what the log was restored from, kept to be sent to voters that trail far behind.
    package func start(
        snapshot: (metadata: SnapshotMetadata, state: [UInt8])?,
        _ makeCore: @escaping @Sendable () -> Raft
    ) {
        loop.execute { [self] in
            raft.value = RaftLoop(
                core: makeCore(),
                writer: writer,
                machine: machine,
                ports: ports,
                latestSnapshot: snapshot,
                limits: limits,
                arrivals: arrivals,
                prepare: { [weak self] in self?.doAside($0) }
            )
            // The clock first: what has come in by now was not heard at time zero.
            raft.withValue { $0?.turn([]) }
            turn()
        }
        let tick = RaftLoop.tick
        loop.scheduleRepeatedTask(initialDelay: tick, delay: tick) { [weak self] task in
            guard let self, raft.value != nil else { return task.cancel() }
            turn()
        }
    }

    /// Stops turning; blocks until then, at most a second.
    ///
    /// Not to be called on the loop. What still waits is told `nil`.
    package func stop() {
        inbox.withLock { $0.isClosed = true }
        loop.execute { [self] in
            turn()
            raft.value?.expireAll()
            raft.value = nil
            finished.signal()
        }
        _ = finished.wait(timeout: .now() + .seconds(1))
    }

    /// The state after the core's last step.
    package var state: VoterState { published.withLock { $0 }.state }

    package func received(_ message: RaftMessage, from voter: Voter) {
        offer(.received(message, from: voter))
    }

    package func disconnected(from node: NodeID) { offer(.disconnected(node)) }

    package func transferLeadership(to node: NodeID?) { deliver(.transfer(node)) }

    /// Stands for election at once, unless somebody leads.
    package func stand() { deliver(.stand) }

    /// Has a change of members appended; `nil` once it is, or at the deadline, which says nothing.
    package func changeMembers(
        _ change: MembershipChange,
        within limit: Timespan
    ) async -> MembershipRefusal? {
        let answer = OneShot<MembershipRefusal?>()
        let event = Event.change(change, answer, deadlineMS: deadline(limit))
        guard offer(event) else { return .underWay }
        return await answer.value() ?? nil
    }

    func completed(_ completion: LogWriter.Completion) { deliver(.log(completion)) }

    /// Appends a command and waits until it is applied; ``ProposalResult/unknown`` at the deadline.
    package func propose(_ payload: [UInt8], within limit: Timespan) async -> ProposalResult {
        let answer = OneShot<ProposalResult>()
        let event = Event.propose(payload, answer, deadlineMS: deadline(limit))
        guard offer(event) else { return .refused(.overloaded) }
        return await answer.value() ?? .unknown
    }

    /// The index up to which a linearizable read must wait; `nil` at the deadline.
    package func readIndex(within limit: Timespan) async -> Result<LogIndex, RaftRefusal>? {
        let answer = OneShot<Result<LogIndex, RaftRefusal>>()
        guard offer(.read(answer, deadlineMS: deadline(limit))) else {
            return .failure(.overloaded)
        }
        return await answer.value()
    }

    private func deadline(_ limit: Timespan) -> UInt64 {
        ports.now().addingReportingOverflow(limit.milliseconds).partialValue
    }
}

// MARK: - The loop's turns

extension RaftDriver {
    /// Appends, unless the inbox is full or closed; returns whether it did.
    @discardableResult
    private func offer(_ event: Event) -> Bool {
        append(event, upTo: Self.inboxLimit, byteLimit: Self.inboxBytes)
    }

    /// Appends even when full: for what the core itself caused and must hear of.
    private func deliver(_ event: Event) {
        _ = append(event, upTo: .max, byteLimit: .max)
    }

    private func append(_ event: Event, upTo limit: Int, byteLimit: Int) -> Bool {
        let byteCount = event.weight
        let (isTaken, mustSchedule) = inbox.withLock { inbox in
            let fits =
                inbox.events.isEmpty || byteCount == 0 || inbox.byteCount <= byteLimit - byteCount
            guard !inbox.isClosed, inbox.events.count < limit, fits else { return (false, false) }
            inbox.events.append(event)
            inbox.byteCount += byteCount
            defer { inbox.isTurnDue = true }
            return (true, !inbox.isTurnDue)
        }
        // On the loop itself this wakes nobody: the turn follows what the loop has read already.
        if mustSchedule { loop.execute { self.turn() } }
        return isTaken
    }

    private func turn() {
        let events = inbox.withLock { inbox in
            defer {
                inbox.events = []
                inbox.byteCount = 0
                inbox.isTurnDue = false
            }
            return inbox.events
        }
        // Stepped where it lies: a copy would be copied whole at each change of the core.
        let state = raft.withValue { raft in
            raft?.turn(events)
            return raft?.state
        }
        guard let state else { return }
        let next = Published(state)
        // What was published before is let go outside the lock.
        let before = published.withLock { published in
            defer { published = next }
            return published
        }
        withExtendedLifetime(before) {}
        turnAgainIfUnfinished()
    }

    private func doAside(_ work: @escaping @Sendable () -> Event) {
        aside.async { [weak self] in self?.deliver(work()) }
    }

    /// Sees to another turn where committed entries are left to apply.
    ///
    /// Not at once: a loop does all that is due before it reads from its connections again.
    private func turnAgainIfUnfinished() {
        guard raft.withValue({ $0?.claimsAnotherTurn() ?? false }) else { return }
        loop.scheduleTask(in: .milliseconds(1)) { [weak self] in
            guard let self else { return }
            raft.withValue { $0?.isTurnClaimed = false }
            turn()
        }
    }
}
