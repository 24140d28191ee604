// SPDX-License-Identifier: Apache-2.0

import Primitives

/// The follower's side of replication (Raft §5.3).
extension Raft {
    mutating func append(_ request: AppendRequest, from sender: Voter) {
        guard follow(sender), !isInstalling else { return }
        if request.previous.index < commit {
            // An old message. What it could add is committed, and equal, up to here.
            return acknowledge(request, through: commit, to: sender)
        }
        guard log.holds(request.previous) else { return reject(request, sender) }
        // A disk that hangs must not gather writes for ever; the leader sends this again.
        guard request.entries.isEmpty || writes.pendingCount < settings.pendingWriteCount else {
            return
        }

        if let first = request.entries.firstIndex(where: { !log.holds($0.position) }) {
            guard takesEntries else { return }
            replaceSuffix(with: request.entries[first...])
        }
        advanceCommit(to: min(request.commit, request.lastIndex))
        acknowledge(request, through: request.lastIndex, to: sender)
    }

    private mutating func acknowledge(
        _ request: AppendRequest,
        through index: LogIndex,
        to sender: Voter
    ) {
        guard request.acknowledgement == .wanted else { return }
        sendWhenDurable(.appendReply(.accepted(index)), to: sender)
    }

    private mutating func reject(_ request: AppendRequest, _ sender: Voter) {
        let reply = AppendReply.rejected(
            previous: request.previous.index,
            hint: log.lastAgreement(with: request.previous)
        )
        send(.appendReply(reply), to: sender)
    }

    /// Appends entries that are new, in place of whatever uncommitted ones stand there.
    private mutating func replaceSuffix(with entries: ArraySlice<LogEntry>) {
        guard let first = entries.first else { return }
        if first.index <= log.last.index { truncate(from: first.index) }
        for entry in entries {
            log.append(entry)
            configuration.appended(entry)
            outbox.stage(entry)
        }
    }

    private mutating func truncate(from index: LogIndex) {
        precondition(index > commit, "invariant 3: \(index) is committed, \(statusLine)")
        log.truncate(from: index)
        configuration.truncated(from: index)
        outbox.stageTruncation(from: index)
    }

    mutating func answer(_ heartbeat: Heartbeat, from sender: Voter) {
        noteQuorum(of: heartbeat)
        guard follow(sender) else { return }
        if heartbeat.commit > log.last.index {
            ignore()  // It claims that we acknowledged what we never had.
        } else {
            advanceCommit(to: heartbeat.commit)
        }
        freshness.heard(heartbeat, now: now, applied: applied)
        send(.heartbeatReply(HeartbeatReply(round: heartbeat.round, stamp: now)), to: sender)
        reportDigest()
    }
}

// MARK: - A leader that may be gone

extension Raft {
    /// A leader that says itself that no quorum has answered it for so long keeps nobody from standing.
    ///
    /// One that is heard and hears nothing would otherwise be followed until it gives up, two election
    /// timeouts after its last answer, and only then would anybody begin to wait for another.
    private mutating func noteQuorum(of heartbeat: Heartbeat) {
        let age = heartbeat.quorumAge
        // A new leader does not know yet.
        isLeaderAlone = age != .max && UInt64(age) >= settings.electionMS * 3 / 4
    }

    /// The connection to our leader broke: most often its process has ended.
    ///
    /// From now on it is not heard, and instead of an election timeout it has two to six heartbeats
    /// to be heard again; drawn, so that two followers do not stand at once. A process that was killed
    /// is replaced three to five times as soon as one that fell silent.
    ///
    /// Sound, because nothing that is safe hangs on it: a leader's promises rest on quorum rounds, and
    /// votes on term and log alone. And quiet: a leader that lives reaches us by a connection of its
    /// own, the next heartbeat restores everything, and where it does not, the others, who hear it,
    /// refuse the pre-vote. A quorum has to have lost its leader before anybody's term moves.
    mutating func doubtLeader() {
        leaderHeardMS = nil
        let (least, most) = (2 * settings.heartbeatMS, 6 * settings.heartbeatMS)
        let early = now + UInt64.random(in: least..<most, using: &random)
        electionDeadlineMS = min(electionDeadlineMS ?? early, early)
    }
}

// MARK: - What is committed and applied

extension Raft {
    /// Moves the commit index forward; never back, and never while a snapshot replaces the log.
    mutating func advanceCommit(to index: LogIndex) {
        guard index > commit, !isInstalling else { return }
        if leadership != nil {
            precondition(log.term(at: index) == term, "invariant 6: \(index), \(statusLine)")
            precondition(hasMajority(index), "invariant 10: \(index), \(statusLine)")
            for entry in log.entries(from: commit.next, through: index) {
                leadership?.uncommittedBytes -= entry.weight
            }
            leadership?.lateness.progressMS = now
        }
        commit = index
    }

    /// Hands committed entries to the state machine, as far as its backlog allows.
    mutating func handOutCommitted() {
        let bound = LogIndex(applied.rawValue + settings.applyBacklogCount)
        let end = min(commit, bound)
        guard end > handedOut, !isInstalling else { return }
        outbox.tell(.apply(Array(log.entries(from: handedOut.next, through: end))))
        handedOut = end
    }

    mutating func entriesApplied(through index: LogIndex) {
        guard index > applied else { return }  // Behind a snapshot that was installed meanwhile.
        precondition(index <= handedOut, "applied \(index) unasked, \(statusLine)")
        applied = index
        freshness.applied(index)
        if let taken = takenSnapshot, taken.position.index <= applied { snapshotTaken(taken) }
        leaveQuarantineIfCaughtUp()
    }

    mutating func persisted(_ sequence: WriteSequence) {
        let done = writes.finished(sequence, now: now, late: settings.lateMS)
        writeDelays.add(done.count, late: done.lateCount, now: now)
        countOwnVote()
        commitReached()
    }
}
