// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// Messages by the names that scenarios use.
enum MessageKind: String, CaseIterable {
    case preVote = "pre-vote"
    case vote
    case transferVote = "transfer-vote"
    case preVoteReply = "pre-vote-reply"
    case voteReply = "vote-reply"
    case append
    case appendReply = "append-reply"
    case heartbeat
    case heartbeatReply = "heartbeat-reply"
    case readRequest = "read"
    case readReply = "read-reply"
    case snapshotChunk = "chunk"
    case snapshotReply = "chunk-reply"
    case timeoutNow = "timeout-now"
    case stateReport = "state-report"
    case stateVerdict = "state-verdict"

    /// `nil` for kinds that no scenario speaks of.
    init?(_ message: RaftMessage) {
        switch message.body {
        case .voteRequest(let request): self = Self.request(request.kind)
        case .voteReply(let reply): self = reply.kind == .preVote ? .preVoteReply : .voteReply
        case .append: self = .append
        case .appendReply: self = .appendReply
        case .heartbeat: self = .heartbeat
        case .heartbeatReply: self = .heartbeatReply
        case .readRequest: self = .readRequest
        case .readReply: self = .readReply
        case .snapshotChunk: self = .snapshotChunk
        case .snapshotReply: self = .snapshotReply
        case .timeoutNow: self = .timeoutNow
        case .stateReport: self = .stateReport
        case .stateVerdict: self = .stateVerdict
        }
    }

    private static func request(_ kind: VoteRequest.Kind) -> Self {
        switch kind {
        case .preVote: .preVote
        case .vote: .vote
        case .transfer: .transferVote
        }
    }
}

/// A message on its way, as bytes: what arrives has been through the codec.
struct Letter {
    let from: Voter
    let to: Int
    let bytes: [UInt8]
    let kind: MessageKind?
}

/// Which letters a statement means: `[A->B] [KIND]`, all of them without either.
struct MailFilter {
    let from: Int?
    let to: Int?
    let kind: MessageKind?

    init(_ words: inout Words) throws(StatementError) {
        let link = words.link()
        (from, to) = (link?.from, link?.to)
        guard let word = words.left.first, let kind = MessageKind(rawValue: word) else {
            kind = nil
            return
        }
        self.kind = kind
        _ = try words.next("a kind")
    }

    func matches(_ letter: Letter) -> Bool {
        (from.map { UInt64($0) == letter.from.node.rawValue } ?? true)
            && (to.map { $0 == letter.to } ?? true)
            && (kind.map { $0 == letter.kind } ?? true)
    }
}
