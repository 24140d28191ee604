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
    private var changes: [RaftRequestID: OneShot<MembershipRefusal?>] = [:]
    private var lastRequest: UInt64 = 0
    /// Callers and until when they wait.
    private var waiting: [(deadlineMS: UInt64, caller: any Expiring)] = []
    private var nextExpiryMS: UInt64 = 0
    /// Messages that wait for a write, in the order of their writes.
    private var held: [(after: WriteSequence, message: RaftMessage, to: Voter)] = []
    private var durable = WriteSequence(0)
    /// Up to here terms and votes are, though entries may wait for space.
    private var promised = WriteSequence(0)
    private var appliedSinceSnapshot = (entries: 0, bytes: 0)
    private let limits: CoordinationLimits
    private var isSaving = false
    /// A state to be saved once the majority is known to hold the same; see ``Raft/provenIndex``.
    private var captured: CapturedState?
    /// How often the machine was told to begin anew; what was applied before is not reported.
    private var rebuildCount = 0
    /// A leader's snapshot is on its way to the disk: a save asked for behind it would be older.
    private var isInstalling = false
    private var latestSnapshot: (metadata: SnapshotMetadata, state: [UInt8])?
    private var disk = DiskSpace()
    /// When a leader with a full disk last asked another voter to lead, and how often it has.
    private var abdication: (atMS: UInt64, count: Int)?

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
        leaveIfFull()
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
        state.disk = disk
        state.committedVoters = status.committedVoters
        state.committedConfigurationIndex = status.committedConfigurationIndex
        state.confirmedAtMS = status.confirmedAtMS
        state.alarms = status.alarms
        state.isQuarantined = status.isQuarantined
        state.electionMS = core.settings.electionMS
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
        case .change(let change, let answer, let deadlineMS):
            let request = nextRequest()
            changes[request] = answer
            waiting.append((deadlineMS, answer))
            step(.changeMembers(request, change))
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
        case .promised(let sequence):
            promised = sequence
            releaseVotes()
        case .snapshotSaved(let metadata, let state):
            isSaving = false
            latestSnapshot = (metadata, state)
            step(.snapshotTaken(metadata))
        case .snapshotDamaged(let position):
            isSaving = false
            ports.stateChanged(.snapshotDamaged(at: position.index))
            machine.inspect()  // The next comparison shows it; a majority decides who is wrong.
        case .snapshotGivenUp:
            isSaving = false
        case .space(let space):
            disk = space
            ports.spaceChanged(space)
            step(.diskSpace(isFull: space.isFull))
        case .snapshotInstalled(let metadata, let state):
            isInstalling = false
            captured = nil
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
            changes.removeValue(forKey: request)?.resolve(nil)
            proposals.placed(request, at: position)
        case .changeRefused(let request, let refusal):
            changes.removeValue(forKey: request)?.resolve(refusal)
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
        case .quarantine(let own, let agreed, let restart):
            beginRebuild(own: own, agreed: agreed, from: restart)
        case .rebuilt:
            machine.endRebuild()
            ports.stateChanged(.rebuilt)
        case .alarm(let alarm):
            ports.stateChanged(.alarm(alarm))
        }
    }

    private mutating func send(_ message: RaftMessage, to voter: Voter, after: WriteSequence?) {
        if let after, after > (message.isVote ? max(durable, promised) : durable) {
            hold(message, to: voter, after: after)
        } else {
            ports.send(message, voter)
        }
    }

    /// Keeps a message until its write is durable.
    ///
    /// Of acknowledgements that wait for the same write only the last one tells anything: on a disk
    /// that hangs the leader asks again with each heartbeat, and all answers wait.
    private mutating func hold(_ message: RaftMessage, to voter: Voter, after: WriteSequence) {
        if case .appendReply = message.body {
            held.removeAll { waiting in
                guard waiting.after == after, waiting.to == voter else { return false }
                if case .appendReply = waiting.message.body { return true } else { return false }
            }
        }
        held.append((after, message, voter))
    }

    private mutating func releaseHeld() {
        let released = held.prefix { $0.after <= durable }
        held.removeFirst(released.count)
        for send in released { ports.send(send.message, send.to) }
    }

    /// A vote promises nothing about entries.
    private mutating func releaseVotes() {
        let released = held.filter { $0.message.isVote && $0.after <= promised }
        held.removeAll { $0.message.isVote && $0.after <= promised }
        for send in released { ports.send(send.message, send.to) }
    }

    private mutating func apply(_ entries: [LogEntry]) {
        guard let last = entries.last else { return }
        var digests: [StateDigest] = []
        for entry in entries {
            appliedSinceSnapshot.entries += 1
            appliedSinceSnapshot.bytes += entry.payload.count
            switch entry.kind {
            case .command:
                let result = machine.apply(index: entry.index, payload: entry.payload)
                proposals.applied(entry.position, result: result)
            case .configuration:
                machine.configure(index: entry.index, payload: entry.payload)
                proposals.applied(entry.position, result: [])
            case .noop:
                machine.advance(to: entry.index)
                proposals.applied(entry.position, result: [])
            }
            if core.settings.isDigestPoint(entry), let value = machine.digest(at: entry.index) {
                digests.append(StateDigest(index: entry.index, value: value))
            }
        }
        let before = rebuildCount
        for digest in digests where rebuildCount == before { step(.digested(digest)) }
        if rebuildCount == before { step(.applied(last.index)) }
    }

    /// The state differs from the majority's: makes another from the snapshot and the log.
    private mutating func beginRebuild(
        own: StateDigest,
        agreed: StateDigest,
        from restart: SnapshotMetadata?
    ) {
        rebuildCount += 1
        captured = nil
        ports.stateChanged(.quarantined(own, agreed: agreed))
        let isKept = latestSnapshot?.metadata == restart
        let state = isKept ? latestSnapshot?.state : nil
        let isIntact = state.map { CRC32C.checksum($0) } == restart?.checksum
        if !isKept || !isIntact
            || !machine.beginRebuild(from: state, at: restart?.position.index ?? .zero)
        {
            // Only a start from the disk helps, where all is checksummed.
            ports.stateChanged(.snapshotLost)
        }
    }
}

/// A state as it was at one moment, not encoded yet.
struct CapturedState {
    let index: LogIndex
    let encode: @Sendable () -> [UInt8]?
}

// MARK: - Full disk

extension RaftLoop {
    /// Hands leadership over while this voter's disk is full: to whoever fits best at first, then to
    /// each in turn, because the best may have no space either.
    private mutating func leaveIfFull() {
        let status = core.status
        guard disk.isFull, status.role == .leader else { return abdication = nil }
        let others = status.voters.deciders.map(\.node).filter { $0 != core.me.node }
        let now = ports.now()
        let before = abdication ?? (0, 0)
        guard !others.isEmpty, before.count == 0 || now - before.atMS >= core.settings.electionMS
        else { return }
        abdication = (now, before.count + 1)
        let heir = before.count == 0 ? nil : others[(before.count - 1) % others.count]
        step(.transferLeadership(to: heir))
    }
}

// MARK: - Snapshots

extension RaftLoop {
    /// Captures the state when enough was applied since the last time, and saves it once it is known
    /// to be the majority's: a snapshot is what is sent to others, and may be the only copy.
    private mutating func saveIfGrown() {
        captureIfGrown()
        guard let state = captured, state.index <= core.provenIndex, !isInstalling else { return }
        captured = nil
        guard let position = core.position(at: state.index) else { return }
        isSaving = true
        let voters = core.voters(at: state.index)
        writer.submit(.saveSnapshot(position, voters, encode: state.encode))
    }

    private mutating func captureIfGrown() {
        let isGrown =
            appliedSinceSnapshot.entries >= limits.snapshotEntries
            || appliedSinceSnapshot.bytes >= limits.snapshotBytes
        guard isGrown, captured == nil, !isSaving, !isInstalling, !core.isQuarantined else {
            return
        }
        let (index, encode) = machine.capture()
        // A machine that began with a checkpoint may still be ahead of what the log has replayed.
        guard index <= core.applied, core.position(at: index) != nil else { return }
        appliedSinceSnapshot = (0, 0)
        captured = CapturedState(index: index, encode: encode)
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

extension RaftMessage {
    /// Whether only a term and a vote must be durable before it leaves.
    fileprivate var isVote: Bool {
        if case .voteReply = body { true } else { false }
    }
}
