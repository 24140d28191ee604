// SPDX-License-Identifier: Apache-2.0
import RaftCore

/// The messages of a voter that may not leave before a write is durable, in the order of their writes.
///
/// Bounded by the writes under way, which the core bounds, and by one acknowledgement a write and peer.
struct HeldMessages {
    private var held: [(after: WriteSequence, message: RaftMessage, to: Voter)] = []
    private var durable = WriteSequence(0)
    /// Up to here terms and votes are, though entries may wait for space.
    private var promised = WriteSequence(0)

    /// Whether a message that waits for `write` may leave now.
    ///
    /// A vote promises nothing about entries.
    func mayLeave(_ message: RaftMessage, after write: WriteSequence) -> Bool {
        write <= (message.isVote ? max(durable, promised) : durable)
    }

    /// Keeps a message until its write is durable.
    ///
    /// Of acknowledgements that wait for the same write only the last one tells anything: on a disk
    /// that hangs the leader asks again with each heartbeat, and all answers wait.
    mutating func hold(_ message: RaftMessage, to voter: Voter, after write: WriteSequence) {
        if message.isAcknowledgement {
            held.removeAll { waiting in
                waiting.after == write && waiting.to == voter && waiting.message.isAcknowledgement
            }
        }
        held.append((write, message, voter))
    }

    /// Takes out what may leave now that everything up to `sequence` is durable.
    mutating func release(
        _ sequence: WriteSequence
    ) -> [(message: RaftMessage, to: Voter)] {
        durable = sequence
        let released = held.prefix { $0.after <= durable }
        held.removeFirst(released.count)
        return released.map { ($0.message, $0.to) }
    }

    /// Takes out the votes that may leave now that terms and votes up to `sequence` are durable.
    mutating func releaseVotes(
        _ sequence: WriteSequence
    ) -> [(message: RaftMessage, to: Voter)] {
        promised = sequence
        let waiting = held
        held = waiting.filter { !mayLeave($0.message, after: $0.after) }
        return waiting.filter { mayLeave($0.message, after: $0.after) }
            .map { ($0.message, $0.to) }
    }
}

extension RaftMessage {
    fileprivate var isAcknowledgement: Bool {
        if case .appendReply = body { true } else { false }
    }

    /// Whether only a term and a vote must be durable before it leaves.
    fileprivate var isVote: Bool {
        if case .voteReply = body { true } else { false }
    }
}
