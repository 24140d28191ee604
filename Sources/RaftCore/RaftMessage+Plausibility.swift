// SPDX-License-Identifier: Apache-2.0

import Primitives

/// What can be said against a message without looking at our own state.
extension RaftMessage {
    /// Terms and indexes at or above this are refused: arithmetic on them could overflow.
    static let numberLimit: UInt64 = 1 << 62

    /// Whether every number leaves room for arithmetic and the parts fit each other.
    var isPlausible: Bool {
        guard term.rawValue < Self.numberLimit else { return false }
        switch body {
        case .voteRequest(let request): return request.isPlausible(in: term)
        case .append(let request): return request.isPlausible(in: term)
        case .appendReply(let reply): return reply.isPlausible
        case .snapshotChunk(let chunk): return chunk.isPlausible(in: term)
        case .snapshotReply(let reply): return reply.isPlausible
        case .heartbeat, .heartbeatReply, .voteReply, .readRequest, .readReply, .timeoutNow,
            .stateReport, .stateVerdict:
            return true  // Compared with our own numbers, never calculated with.
        }
    }
}

extension LogIndex {
    fileprivate var isPlausible: Bool { rawValue < RaftMessage.numberLimit }
}

extension VoteRequest {
    fileprivate func isPlausible(in term: Term) -> Bool {
        guard campaign.rawValue < RaftMessage.numberLimit else { return false }
        return kind == .preVote ? campaign > term : campaign == term
    }
}

extension AppendRequest {
    /// Whether the entries follow `previous` and each other as a log's entries do.
    fileprivate func isPlausible(in term: Term) -> Bool {
        guard previous.index.isPlausible else { return false }
        var last = previous
        for entry in entries {
            guard entry.index == last.index.next, entry.term >= last.term else { return false }
            last = entry.position
        }
        return last.term <= term
    }
}

extension AppendReply {
    fileprivate var isPlausible: Bool {
        switch self {
        case .accepted(let index): index.isPlausible
        case .rejected(let previous, let hint): previous.isPlausible && hint.index.isPlausible
        }
    }
}

extension SnapshotChunk {
    fileprivate func isPlausible(in term: Term) -> Bool {
        let end = offset.addingReportingOverflow(UInt64(bytes.count))
        return metadata.position.index.isPlausible && metadata.position.index > .zero
            && metadata.position.term <= term && !end.overflow
            && end.partialValue <= metadata.byteCount
    }
}

extension SnapshotReply {
    fileprivate var isPlausible: Bool {
        switch self {
        case .next: true
        case .installed(let index): index.isPlausible
        }
    }
}
