// SPDX-License-Identifier: Apache-2.0

import Primitives

/// What a leader knows about one follower.
///
/// ```
///             accepted                 entries compacted away
///   probe ────────────────▶ replicate ───────────────┐
///     ▲ ◀──────────────────     │                    ▼
///     │  rejected, disconnected └──────────────▶ snapshot
///     └──────────────────────────────────────────────┘ installed, or nothing to send
/// ```
///
/// Invariant: `match < next`.
struct Progress: Sendable {
    enum State: Sendable, Equatable {
        /// Where the logs agree is not known: one message at a time.
        case probe(isWaiting: Bool)
        /// Messages follow each other without waiting, within the window.
        case replicate
        case snapshot(SnapshotTransfer)
    }

    let voter: Voter
    /// Known to be durable there, as the leader has it.
    private(set) var match = LogIndex.zero
    /// The next entry to send.
    private(set) var next: LogIndex
    private(set) var state = State.probe(isWaiting: false)
    private(set) var inflight = Inflight()
    /// The latest round this voter answered.
    var answeredRound: UInt64 = 0
    /// When anything was last heard from this voter, on our clock; `nil` in this term not yet.
    var contactMS: UInt64?
    /// The stamp of its latest heartbeat reply.
    var stamp: UInt64 = 0
    /// From sending a round to its answer, smoothed, in milliseconds; `nil` before the first.
    private(set) var roundTripMS: UInt64?
    /// How often it was late in acknowledging entries.
    var delays = DelayShare()

    init(voter: Voter, next: LogIndex) {
        self.voter = voter
        self.next = next
    }

    /// Whether more may be sent now.
    func mayAppend(_ settings: RaftSettings) -> Bool {
        switch state {
        case .probe(let isWaiting): !isWaiting
        case .replicate:
            inflight.count < settings.inflightMessageCount
                && inflight.byteCount < settings.inflightBytes
        case .snapshot: false
        }
    }

    var isReplicating: Bool {
        if case .replicate = state { true } else { false }
    }

    // MARK: - Changes

    /// Takes note of how long a round's answer took; a single late one counts an eighth.
    mutating func answered(afterMS: UInt64) {
        roundTripMS = roundTripMS.map { (7 * $0 + afterMS + 4) / 8 } ?? afterMS
    }

    /// Takes note of an append that is being sent.
    mutating func sent(_ request: AppendRequest) {
        if case .probe = state { state = .probe(isWaiting: true) }
        guard isReplicating, let last = request.entries.last else { return }
        next = last.index.next
        inflight.add(last: last.index, byteCount: request.entries.reduce(0) { $0 + $1.weight })
    }

    /// Takes note that everything up to `index` is durable there; `false` if that is no news.
    mutating func accepted(_ index: LogIndex) -> Bool {
        inflight.free(through: index)
        let isNews = index > match
        match = max(match, index)
        next = max(next, match.next)
        switch state {
        case .probe: becomeReplicating()
        case .replicate: break
        case .snapshot(let transfer):
            // The transfer is no longer needed once the log continues behind it.
            if match >= transfer.metadata.position.index { becomeReplicating() }
        }
        return isNews
    }

    /// Takes note that the logs differ at `previous`; `false` if the answer is an old one.
    mutating func rejected(previous: LogIndex, agreement: LogIndex) -> Bool {
        guard previous > match else { return false }
        switch state {
        case .snapshot: return false
        case .replicate: break
        case .probe:
            // Only the answer to the latest question tells anything.
            guard previous.next == next else { return false }
        }
        inflight = Inflight()
        next = max(match.next, min(previous, agreement.next))
        state = .probe(isWaiting: false)
        return true
    }

    /// What was sent may be lost: ask again where the logs agree.
    private mutating func becomeProbing() {
        inflight = Inflight()
        next = match.next
        state = .probe(isWaiting: false)
    }

    /// The connection broke: what was sent may be lost.
    ///
    /// A snapshot goes on where its last acknowledged chunk ended.
    mutating func connectionLost() {
        guard case .snapshot(var transfer) = state else { return becomeProbing() }
        transfer.isReading = false
        transfer.askedMS = 0
        state = .snapshot(transfer)
    }

    mutating func resumeProbing() {
        if case .probe = state { state = .probe(isWaiting: false) }
    }

    mutating func becomeTransferring(_ transfer: SnapshotTransfer) {
        inflight = Inflight()
        state = .snapshot(transfer)
    }

    /// Moves on within a transfer that has begun.
    mutating func update(_ transfer: SnapshotTransfer) { state = .snapshot(transfer) }

    private mutating func becomeReplicating() {
        inflight = Inflight()
        next = match.next
        state = .replicate
    }
}

/// Where a leader is in sending a snapshot to one follower.
struct SnapshotTransfer: Sendable, Equatable {
    let metadata: SnapshotMetadata
    /// Everything before it has arrived, in bytes.
    var offset: UInt64 = 0
    /// When the chunk at `offset` was last asked for, on our clock.
    var askedMS: UInt64
    /// Whether the answer to `.readSnapshot` is still to come.
    var isReading = true
}

/// Appends on their way to one follower: bounds what a slow one can pile up.
struct Inflight: Sendable {
    private var messages: [(last: LogIndex, byteCount: Int)] = []
    private(set) var byteCount = 0

    var count: Int { messages.count }

    mutating func add(last: LogIndex, byteCount: Int) {
        messages.append((last, byteCount))
        self.byteCount += byteCount
    }

    mutating func free(through index: LogIndex) {
        // Counted, not cut out: a slice that is held over the removal has all of them copied.
        var freedCount = 0
        while freedCount < messages.count, messages[freedCount].last <= index {
            byteCount -= messages[freedCount].byteCount
            freedCount += 1
        }
        messages.removeFirst(freedCount)
    }
}
