// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// No vote and no acknowledgement leaves a node before what it promises is durable there.
///
/// Looks into the disk at the moment the message leaves, as ``CommitDurability`` does. Also: one vote per term, over restarts.
struct PromiseDurability: Invariant {
    private struct Ballot: Hashable {
        let voter: Voter
        let term: Term
    }

    /// Only looked up, never iterated.
    private var votes: [Ballot: NodeID] = [:]

    mutating func violation(after observation: Observation, in world: World) -> String? {
        guard let node = observation.node else { return nil }
        for (message, receiver) in observation.promises {
            // What was promised in an earlier term may since have been replaced.
            guard message.term == world.nodes[node].raft.hardState.term else { continue }
            if let problem = problem(with: message, to: receiver, from: node, in: world) {
                return "\(world.nodes[node].voter.node): \(problem)"
            }
        }
        return nil
    }

    private mutating func problem(
        with message: RaftMessage,
        to receiver: Voter,
        from node: Int,
        in world: World
    ) -> String? {
        switch message.body {
        case .voteReply(let reply) where reply.granted && reply.kind != .preVote:
            let ballot = Ballot(voter: world.nodes[node].voter, term: reply.campaign)
            if let earlier = votes[ballot], earlier != receiver.node {
                return "voted for \(earlier) and \(receiver.node) in \(reply.campaign)"
            }
            votes[ballot] = receiver.node
            let promised = HardState(term: reply.campaign, vote: receiver.node)
            let durable = world.nodes[node].disk.durable.hardState
            return durable == promised ? nil : "\(promised) sent, disk has \(durable)"
        case .appendReply(.accepted(let index)), .snapshotReply(.installed(let index)):
            guard let term = world.nodes[node].raft.log.term(at: index) else { return nil }
            let position = LogPosition(term: term, index: index)
            if index == .zero || world.nodes[node].disk.holdsDurably(position) { return nil }
            return "\(position) acknowledged, disk has \(world.nodes[node].disk.durable.summary)"
        default: return nil
        }
    }
}

extension RaftMessage {
    /// Whether it may promise something that must survive a crash.
    var isPromise: Bool {
        switch body {
        case .voteReply, .appendReply, .snapshotReply: true
        default: false
        }
    }
}
