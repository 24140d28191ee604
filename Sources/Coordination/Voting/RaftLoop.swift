// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Primitives
import RaftCore

/// One voter's core and what its effects are turned into; lives on the driver's loop.
///
/// ```
///   turn ──▶ step ──▶ effects ──▶ log's thread ──completions──▶ the next turn
///     │                      └──▶ state machine, peers, callers
///     └──▶ committed entries, snapshots, full disk: what follows from how things stand
/// ```
struct RaftLoop {
    /// How often the core hears of time while nothing else happens.
    static let tick = TimeAmount.milliseconds(10)

    private(set) var core: Raft
    let writer: LogWriter
    let machine: any StateMachine
    let ports: RaftDriver.Ports
    /// Does work that may take long beside the loop; what it gives comes back as an event.
    let prepare: @Sendable (@escaping @Sendable () -> RaftDriver.Event) -> Void
    private var lastRequest: UInt64 = 0

    // Who waits for what.
    var proposals = PendingProposals()
    var reads: [RaftRequestID: OneShot<Result<LogIndex, RaftRefusal>>] = [:]
    var changes: [RaftRequestID: OneShot<MembershipRefusal?>] = [:]
    private var callers = WaitingCallers()
    var held = HeldMessages()

    // How this voter's state and disk stand.
    var snapshots: SnapshotUpkeep
    var backlog = ApplyBacklog()
    /// Where what arrives of a leader's snapshot is kept; `nil`: nowhere.
    let arrivals: ArrivingSnapshotFile?
    var kept = KeptArrival.unknown
    /// A part is on its way to that file.
    var isKeeping = false
    /// How often another state took the place of the one before; what was applied to that one is not
    /// reported.
    var stateCount = 0
    /// A turn is sure to come though nothing happens.
    var isTurnClaimed = false
    var disk = DiskSpace()
    var abdication = Abdication()

    init(
        core: Raft,
        writer: LogWriter,
        machine: any StateMachine,
        ports: RaftDriver.Ports,
        latestSnapshot: SnapshotUpkeep.Latest?,
        limits: CoordinationLimits,
        arrivals: ArrivingSnapshotFile?,
        prepare: @escaping @Sendable (@escaping @Sendable () -> RaftDriver.Event) -> Void
    ) {
        self.prepare = prepare
        self.arrivals = arrivals
        self.core = core
        self.writer = writer
        self.machine = machine
        self.ports = ports
        snapshots = SnapshotUpkeep(latest: latestSnapshot, limits: limits)
    }

    /// Steps everything that came in, then tells the core the time.
    ///
    /// Proposals that came together are proposed together: one message to each follower, one write.
    mutating func turn(_ events: [RaftDriver.Event]) {
        var proposed: [Proposal] = []
        for event in events {
            if case .propose(let payload, let answer, let deadlineMS) = event {
                let request = nextRequest(answer, deadlineMS)
                proposals.add(request, answer: answer)
                proposed.append(
                    Proposal(
                        request,
                        payload: machine.stamped(payload),
                        purpose: machine.purpose(of: payload)
                    )
                )
                continue
            }
            propose(&proposed)
            handle(event)
        }
        propose(&proposed)
        let now = ports.now()
        step(.tick(now: now))
        applyCommitted()
        callers.expire(now)
        leaveIfFull()
        saveIfGrown()
        keepArriving()
    }

    private mutating func propose(_ proposed: inout [Proposal]) {
        guard !proposed.isEmpty else { return }
        step(.propose(proposed))
        proposed = []
    }

    private mutating func handle(_ event: RaftDriver.Event) {
        switch event {
        case .received(let message, let voter): step(.received(message, from: voter))
        case .disconnected(let node): step(.disconnected(node))
        case .transfer(let node): step(.transferLeadership(to: node))
        case .stand: step(.stand)
        case .propose:
            preconditionFailure("proposals are gathered before")
        case .read(let answer, let deadlineMS):
            let request = nextRequest(answer, deadlineMS)
            reads[request] = answer
            step(.readIndex(request))
        case .change(let change, let answer, let deadlineMS):
            let request = nextRequest(answer, deadlineMS)
            changes[request] = answer
            step(.changeMembers(request, change))
        case .log(let completion): completed(completion)
        case .prepared(let prepared): begin(prepared)
        }
    }

    /// Nothing will be answered any more.
    mutating func expireAll() { callers.expireAll() }

    mutating func step(_ input: RaftInput) {
        for effect in core.step(input) { perform(effect) }
    }

    /// Names a request whose caller waits until `deadlineMS`.
    private mutating func nextRequest(
        _ caller: any Expiring,
        _ deadlineMS: UInt64
    ) -> RaftRequestID {
        callers.add(caller, until: deadlineMS)
        lastRequest += 1
        return RaftRequestID(lastRequest)
    }
}

// MARK: - Status

extension RaftLoop {
    var state: VoterState {
        let status = core.status
        var state = VoterState()
        state.role = status.role
        state.term = status.term
        state.leader = status.leader
        state.commit = status.commit
        state.applied = status.applied
        state.voters = status.voters
        state.disk = disk
        state.committedVoters = status.committedVoters
        state.committedConfigurationIndex = status.committedConfigurationIndex
        state.confirmedAtMS = status.confirmedAtMS
        state.alarms = status.alarms
        state.isQuarantined = status.isQuarantined
        state.electionMS = core.settings.electionMS
        state.isLogBehind = !status.isQuarantined && status.applied < machine.applied
        for peer in status.peers {
            state.matches[peer.voter.node] = peer.match
            state.contactAgesMS[peer.voter.node] = peer.contactAgeMS
        }
        return state
    }
}
