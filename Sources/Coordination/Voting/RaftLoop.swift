// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore

/// One voter's core and what its effects are turned into; lives on the driver's thread.
struct RaftLoop {
    /// How often the core hears of time while nothing else happens.
    static let tickMS = 10

    private var core: Raft
    private let writer: LogWriter
    private let machine: any StateMachine
    private let ports: RaftDriver.Ports
    private var proposals = PendingProposals()
    private var reads: [RaftRequestID: OneShot<Result<LogIndex, RaftRefusal>>] = [:]
    private var changes: [RaftRequestID: OneShot<MembershipRefusal?>] = [:]
    private var lastRequest: UInt64 = 0
    /// Messages that wait for a write, in the order of their writes.
    private var held: [(after: WriteSequence, message: RaftMessage, to: Voter)] = []
    private var durable = WriteSequence(0)
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
    mutating func turn(_ events: [RaftDriver.Event]) {
        for event in events { handle(event) }
        step(.tick(now: ports.now()))
        saveIfGrown()
    }

    var state: VoterState {
        let status = core.status
        var state = VoterState()
        state.role = status.role
        state.term = status.term
        state.leader = status.leader
        state.commit = status.commit
        state.applied = status.applied
        state.voters = status.voters
        state.committedVoters = status.committedVoters
        state.committedConfigurationIndex = status.committedConfigurationIndex
        state.confirmedAtMS = status.confirmedAtMS
        state.alarms = status.alarms
        state.isQuarantined = status.isQuarantined
        for peer in status.peers { state.matches[peer.voter.node] = peer.match }
        return state
    }

    private mutating func handle(_ event: RaftDriver.Event) {
        switch event {
        case .received(let message, let voter): step(.received(message, from: voter))
        case .disconnected(let node): step(.disconnected(node))
        case .transfer(let node): step(.transferLeadership(to: node))
        case .propose(let payload, let answer):
            let request = nextRequest()
            proposals.add(request, answer: answer)
            step(.propose(request, payload: machine.stamped(payload)))
        case .read(let answer):
            let request = nextRequest()
            reads[request] = answer
            step(.readIndex(request))
        case .change(let change, let answer):
            let request = nextRequest()
            changes[request] = answer
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
        case .snapshotSaved(let metadata, let state):
            isSaving = false
            latestSnapshot = (metadata, state)
            step(.snapshotTaken(metadata))
        case .snapshotDamaged(let position):
            isSaving = false
            ports.stateChanged(.snapshotDamaged(at: position.index))
            machine.inspect()  // The next comparison shows it; a majority decides who is wrong.
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
