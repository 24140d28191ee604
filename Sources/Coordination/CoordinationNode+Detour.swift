// SPDX-License-Identifier: Apache-2.0
import Codecs
import PeerTransport
package import Primitives

/// Around a link that is broken to the leader alone.
///
/// ```
///   this worker ──╳── leader
///         └─▶ a voter ──┘      one hop, and only to whom the voter takes for the leader
/// ```
///
/// While a majority hears the leader nobody else is elected, so a worker that does not hear it would
/// refuse what the cluster could do. What a write is answered is what it would be by the leader: where
/// the voter in between gets no answer, the fate is unknown here, too.
extension CoordinationNode {
    /// A voter to go through, and whom it takes for the leader.
    struct Detour {
        let voter: NodeID
        let address: PeerAddress
        let leader: NodeID
    }

    /// How much later than this worker the voter must have heard of a leader: a leader that died was
    /// last heard by all within a heartbeat of each other, and to go through a voter that has not
    /// noticed yet would make the fate of a write unknown for nothing.
    private static let detourMarginMS: UInt64 = 1000

    /// The way around; `nil` while the leader is heard, or where nobody else is known to hear it.
    var detour: Detour? {
        let now = settings.now()
        let ways = voters.compactMap { voter -> (detour: Detour, silenceMS: UInt64)? in
            guard voter != membership.node, let (status, silenceMS) = health.statusNow(of: voter),
                let leader = status.leader, leader != voter, leader != membership.node,
                !health.answersNow(leader), let age = status.age,
                let address = book.address(of: voter)
            else { return nil }
            let silence = silenceMS + age.milliseconds
            let heard = lastHeardMS(ofLeader: leader)
            guard silence + Self.detourMarginMS <= now - min(heard, now) else { return nil }
            return (Detour(voter: voter, address: address, leader: leader), silence)
        }
        return ways.min { $0.silenceMS < $1.silenceMS }?.detour
    }

    /// When this worker last heard of `leader`, by the monotonic clock; 0: never.
    private func lastHeardMS(ofLeader leader: NodeID) -> UInt64 {
        if let driver { return driver.state.confirmedAtMS ?? 0 }
        return health.report(of: leader)?.heardAtMS ?? 0
    }

    /// Whether nothing new reaches this voter's own log.
    var isLogCutOff: Bool { driver != nil && detour != nil }

    /// Hands a command on to the leader for a worker that does not reach it.
    func answerProposalOfAnother(
        _ body: [UInt8],
        from remote: PeerHello
    ) async throws(PeerFailure) -> [UInt8] {
        try requireMember(remote)
        guard let request = HandedProposal(decoding: body), isCommand(request.command) else {
            throw .because(.badRequest, "not a command")
        }
        guard driver != nil else { throw .because(.notLeader, "not a voter") }
        // One hop: from here it goes to the leader itself, or nowhere.
        return try Self.answer(to: await proposeDirectly(request.command, within: request.limit))
    }
}

/// A command that is to be handed on to the leader, and how long its sender waits.
package struct HandedProposal: Sendable, Hashable {
    package let limit: Timespan
    package let command: [UInt8]

    package init(limit: Timespan, command: [UInt8]) {
        self.limit = limit
        self.command = command
    }

    package func encode() -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: command.count + 16)
        writer.write(UInt8(1))
        writer.write(limit.milliseconds)
        writer.write(command)
        return writer.bytes
    }

    package init?(decoding bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        do throws(ByteDecodingError) {
            try reader.version(of: "handed proposal", newest: 1)
            limit = Timespan(milliseconds: try reader.integer(UInt64.self))
            command = try reader.run()
        } catch {
            return nil
        }
        guard reader.byteCountLeft == 0 else { return nil }
    }
}
