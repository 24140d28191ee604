// SPDX-License-Identifier: Apache-2.0

import Codecs
import Primitives
import RaftCore

/// Messages written by hand: what a late, confused or foreign peer may say.
extension Stage {
    /// `send A->B KIND term T …`; delivered at once.
    mutating func sendByHand(_ words: inout Words) throws(StatementError) {
        guard let link = words.link(), let from = link.from, let to = link.to else {
            throw words.error("'A->B'")
        }
        let kind = try words.next("a kind")
        guard words.take("term") else { throw words.error("'term T'") }
        let term = Term(try words.number())
        let message = RaftMessage(term: term, body: try body(kind, term, &words))
        let sender = nodes.indices.contains(from - 1) ? nodes[from - 1].voter : freshVoter(from)
        try deliver(
            Letter(
                from: sender,
                to: to,
                bytes: RaftMessageCodec.encode(message),
                kind: MessageKind(message)
            )
        )
    }

    private func body(
        _ kind: String,
        _ term: Term,
        _ words: inout Words
    ) throws(StatementError) -> RaftMessage.Body {
        switch MessageKind(rawValue: kind) {
        case .preVote: try request(.preVote, term, &words)
        case .vote: try request(.vote, term, &words)
        case .transferVote: try request(.transfer, term, &words)
        case .voteReply:
            .voteReply(VoteReply(kind: .vote, campaign: term, granted: words.take("granted")))
        case .append: try append(&words)
        case .appendReply:
            .appendReply(.accepted(LogIndex(try words.number("the index accepted"))))
        case .heartbeat: try heartbeat(&words)
        case .heartbeatReply:
            .heartbeatReply(HeartbeatReply(round: try words.number("a round"), stamp: 0))
        case .timeoutNow:
            .timeoutNow(TimeoutNow(lastIndex: LogIndex(try words.number("the last index"))))
        default: throw words.error("a kind that can be written by hand instead of '\(kind)'")
        }
    }

    /// `last I@T`; a pre-vote is for the term after its sender's.
    private func request(
        _ kind: VoteRequest.Kind,
        _ term: Term,
        _ words: inout Words
    ) throws(StatementError) -> RaftMessage.Body {
        guard words.take("last") else { throw words.error("'last INDEX@TERM'") }
        let last = try words.position()
        let campaign = kind == .preVote ? term.next : term
        return .voteRequest(VoteRequest(kind: kind, campaign: campaign, lastLog: last))
    }

    /// `after I@T commit C [NAME@TERM …]`.
    private func append(_ words: inout Words) throws(StatementError) -> RaftMessage.Body {
        guard words.take("after") else { throw words.error("'after INDEX@TERM'") }
        let previous = try words.position()
        guard words.take("commit") else { throw words.error("'commit INDEX'") }
        let commit = LogIndex(try words.number())
        var entries: [LogEntry] = []
        for word in words.rest() {
            let parts = word.split(separator: "@")
            guard parts.count == 2, let term = UInt64(parts[1]) else {
                throw StatementError(expected: "an entry NAME@TERM", found: "'\(word)'")
            }
            let index = (entries.last?.index ?? previous.index).next
            entries.append(
                LogEntry(
                    position: LogPosition(term: Term(term), index: index),
                    kind: .command,
                    payload: CommandMachine.payload(String(parts[0]))
                )
            )
        }
        return .append(AppendRequest(previous: previous, entries: entries, commit: commit))
    }

    /// `round R commit C`.
    private func heartbeat(_ words: inout Words) throws(StatementError) -> RaftMessage.Body {
        guard words.take("round") else { throw words.error("'round R'") }
        let round = try words.number()
        guard words.take("commit") else { throw words.error("'commit INDEX'") }
        let commit = LogIndex(try words.number())
        return .heartbeat(
            Heartbeat(round: round, commit: commit, leaderCommit: commit, quorumAge: 0, echo: 0)
        )
    }
}
