// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Primitives
import RaftCore

/// One voter's core and what its effects are turned into; lives on the driver's loop.
struct RaftLoop {
    /// How often the core hears of time while nothing else happens.
    static let tick = TimeAmount.milliseconds(10)
    /// How often deadlines of callers are looked at; each ends at most this much late.
    private static let expiryMS: UInt64 = 20

    private var core: Raft
    private let writer: LogWriter
    private let machine: any StateMachine
    private let ports: RaftDriver.Ports
    private var proposals = PendingProposals()
    private var reads: [RaftRequestID: OneShot<Result<LogIndex, RaftRefusal>>] = [:]
    private var lastRequest: UInt64 = 0
    /// Callers and until when they wait.
    private var waiting: [(deadlineMS: UInt64, caller: any Expiring)] = []
    private var nextExpiryMS: UInt64 = 0
    /// Messages that wait for a write, in the order of their writes.
    private var held: [(after: WriteSequence, message: RaftMessage, to: Voter)] = []
    private var durable = WriteSequence(0)
    private var appliedSinceSnapshot = (entries: 0, bytes: 0)
    private let limits: CoordinationLimits
    private var isSaving = false
    /// A leader's snapshot is on its way to the disk: a save asked for behind it would be older.
    private var isInstalling = false
    private var latestSnapshot: (metadata: SnapshotMetadata, state: [UInt8])?

    init(
        core: Raft,
        writer: LogWriter,
        machine: any StateMachine,
        ports: RaftDriver.Ports,
        latestSnapshot: (metadata: SnapshotMetadata, state: [UInt8])?,
        limits: CoordinationLimits
    ) {
        self.limits = limits
        self.latestSnapshot = latestSnapshot
        self.core = core
        self.writer = writer
        self.machine = machine
        self.ports = ports
    }

    /// Steps everything that came in, then tells the core the time.
    ///
    /// Proposals that came together are proposed together: one message to each follower, one write.
    mutating func turn(_ events: [RaftDriver.Event]) {
        var proposed: [Proposal] = []
        for event in events {
            if case .propose(let payload, let answer, let deadlineMS) = event {
                let request = nextRequest()
                proposals.add(request, answer: answer)
                waiting.append((deadlineMS, answer))
                proposed.append(Proposal(request, payload: machine.stamped(payload)))
                continue
            }
            propose(&proposed)
            handle(event)
        }
        propose(&proposed)
        let now = ports.now()
        step(.tick(now: now))
        if now >= nextExpiryMS { expire(now) }
        saveIfGrown()
    }

    private mutating func propose(_ proposed: inout [Proposal]) {
        guard !proposed.isEmpty else { return }
        step(.propose(proposed))
        proposed = []
    }

    /// Ends the wait of callers whose time is over; answers that come later are nobody's.
    private mutating func expire(_ now: UInt64) {
        nextExpiryMS = now + Self.expiryMS
        waiting.removeAll { waiter in
            if now >= waiter.deadlineMS { waiter.caller.expire() }
            return waiter.caller.isSettled
        }
    }

    /// Nothing will be answered any more.
    mutating func expireAll() { expire(.max - Self.expiryMS) }

    var state: VoterState {
        let status = core.status
        var state = VoterState()
        state.role = status.role
        state.term = status.term
        state.leader = status.leader
        state.commit = status.commit
        state.applied = status.applied
        state.voters = status.voters
        state.confirmedAtMS = status.confirmedAtMS
        for peer in status.peers { state.matches[peer.voter.node] = peer.match }
        return state
    }

    private mutating func handle(_ event: RaftDriver.Event) {
        switch event {
        case .received(let message, let voter): step(.received(message, from: voter))
        case .disconnected(let node): step(.disconnected(node))
        case .transfer(let node): step(.transferLeadership(to: node))
        case .propose:
            preconditionFailure("proposals are gathered before")
        case .read(let answer, let deadlineMS):
            let request = nextRequest()
            reads[request] = answer
            waiting.append((deadlineMS, answer))
            step(.readIndex(request))
        case .log(let completion): completed(completion)
        }
    }

    private mutating func completed(_ completion: LogWriter.Completion) {
        switch completion {
        case .persisted(let sequence, let seconds):
            ports.fsyncTook(seconds)
            durable = sequence
            step(.persisted(sequence))
            releaseHeld()
        case .snapshotSaved(let metadata, let state):
            isSaving = false
            latestSnapshot = (metadata, state)
            step(.snapshotTaken(metadata))
        case .snapshotInstalled(let metadata, let state):
            isInstalling = false
            appliedSinceSnapshot = (0, 0)
            latestSnapshot = (metadata, state)
            machine.restore(state, at: metadata.position.index)
            proposals.skipped(to: metadata.position.index)
            step(.snapshotInstalled(metadata))
        }
    }

    private mutating func step(_ input: RaftInput) {
        for effect in core.step(input) { perform(effect) }
    }

    private mutating func nextRequest() -> RaftRequestID {
        lastRequest += 1
        return RaftRequestID(lastRequest)
    }
}

// MARK: - Effects

extension RaftLoop {
    private mutating func perform(_ effect: RaftEffect) {
        switch effect {
        case .persist(let write):
            writer.submit(.write(write))
        case .send(let message, let voter, let after):
            send(message, to: voter, after: after)
        case .apply(let entries):
            apply(entries)
        case .proposed(let request, let position):
            proposals.placed(request, at: position)
        case .dropped(let request, let refusal):
            proposals.refused(request, refusal)
        case .readReady(let request, let index):
            reads.removeValue(forKey: request)?.resolve(.success(index))
        case .readFailed(let request, let refusal):
            reads.removeValue(forKey: request)?.resolve(.failure(refusal))
        case .role(let role, let term, let leader):
            ports.roleChanged(role, term, leader)
        case .readSnapshot(let metadata, let node, let offset, let byteCount):
            readSnapshot(metadata, for: node, offset: offset, byteCount: byteCount)
        case .installSnapshot(let metadata, let state):
            isInstalling = true
            writer.submit(.installSnapshot(metadata, state: state))
        }
    }

    private mutating func send(_ message: RaftMessage, to voter: Voter, after: WriteSequence?) {
        if let after, after > durable {
            held.append((after, message, voter))
        } else {
            ports.send(message, voter)
        }
    }

    private mutating func releaseHeld() {
        let released = held.prefix { $0.after <= durable }
        held.removeFirst(released.count)
        for send in released { ports.send(send.message, send.to) }
    }

    private mutating func apply(_ entries: [LogEntry]) {
        guard let last = entries.last else { return }
        for entry in entries {
            appliedSinceSnapshot.entries += 1
            appliedSinceSnapshot.bytes += entry.payload.count
            switch entry.kind {
            case .command:
                let result = machine.apply(index: entry.index, payload: entry.payload)
                proposals.applied(entry.position, result: result)
            case .noop, .configuration:
                machine.advance(to: entry.index)
                proposals.applied(entry.position, result: [])
            }
        }
        step(.applied(last.index))
    }
}

// MARK: - Snapshots

extension RaftLoop {
    private mutating func saveIfGrown() {
        let isGrown =
            appliedSinceSnapshot.entries >= limits.snapshotEntries
            || appliedSinceSnapshot.bytes >= limits.snapshotBytes
        guard isGrown, !isSaving, !isInstalling else { return }

        let (index, encode) = machine.capture()
        // A machine that began with a checkpoint may still be ahead of what the log has replayed.
        guard index <= core.applied, let position = core.position(at: index) else { return }
        appliedSinceSnapshot = (0, 0)
        isSaving = true
        writer.submit(.saveSnapshot(position, core.voters(at: index), encode: encode))
    }

    private mutating func readSnapshot(
        _ metadata: SnapshotMetadata,
        for node: NodeID,
        offset: UInt64,
        byteCount: Int
    ) {
        guard let latest = latestSnapshot else { return }
        // One that was superseded meanwhile is begun again with the newer one's first bytes.
        let isLatest = latest.metadata == metadata && offset <= UInt64(latest.state.count)
        let start = isLatest ? Int(offset) : 0
        let end = min(start + byteCount, latest.state.count)
        let bytes = Array(latest.state[start..<end])
        step(.snapshotChunk(to: node, latest.metadata, offset: UInt64(start), bytes: bytes))
    }
}
