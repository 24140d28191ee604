// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import LogStorage
import Logging
import PeerTransport
import Primitives
import RaftCore
import Synchronization

/// Leave to give a rotten store up: asked of the other voters, given by those that are sound.
///
/// ```
///   rot ──▶ ask every voter ──▶ a quorum of them, without this one, has said yes ──▶ ``rotFound(within:)``
/// ```
///
/// Who says yes votes, has all of its log, knows a leader, and keeps its own store for a minute, whatever it
/// finds meanwhile. So of voters that find rot together, at a start after a bad night say, only as many go
/// as leave a quorum with everything that was ever acknowledged: each such entry was on a quorum, and any two
/// quorums share a voter. Two of three rotten ones both stay, and what they hold stays where it is.
extension CoordinationNode {
    private static let askingPause = Duration.seconds(1)
    /// How long one rotten voter lets another go before it.
    private static let courtesyMS: UInt64 = 60_000

    /// Asks, as long as this voter's log is rotten, whether the others can spare it.
    func askToBeSpared() async {
        var rottenSinceMS: UInt64?
        while !Task.isCancelled {
            if let finding = ownRot {
                let since = rottenSinceMS ?? settings.now()
                rottenSinceMS = since
                let mayGo = isFirstOfTheRotten || settings.now() >= since + Self.courtesyMS
                if mayGo, await isSpared() { return leave(for: finding) }
            } else {
                rottenSinceMS = nil
            }
            try? await Task.sleep(for: Self.askingPause)
        }
    }

    private func leave(for finding: RecoveryFinding) {
        log.critical(
            "a quorum of the other voters goes on without this one: it gives its store up",
            metadata: ["log.finding": "\(finding.rawValue)"]
        )
        rot.withLock { $0 = $0 ?? finding }
        rotMark.advance(to: 1)
    }

    /// What this voter's log has lost, found at its start or since.
    private var ownRot: RecoveryFinding? {
        store.rejectedLog?.refusal.finding
            ?? damage.withLock { $0.first(where: \.isRot)?.finding }
    }

    /// Whether a quorum of the voters, by what each of them knows of who votes, does without this one.
    private func isSpared() async -> Bool {
        let others = otherVotersNow
        guard sparing.withLock({ !$0.isBound(nowMS: settings.now()) }),
            others.count >= voters.count / 2 + 1
        else { return false }
        let body = SparingRequest(applied: store.rejectedLog?.applied ?? .zero).encode()
        var answers: [NodeID: SparingReply] = [:]
        await withTaskGroup(of: (NodeID, SparingReply?).self) { group in
            for node in others {
                group.addTask { (node, await self.askSparing(node, body)) }
            }
            for await (node, reply) in group { answers[node] = reply }
        }
        let isQuorum = answers.values.allSatisfy { reply in
            let willing = reply.voters.count { $0 != membership.node && answers[$0] != nil }
            return willing >= reply.voters.count / 2 + 1
        }
        return isQuorum && !answers.isEmpty
    }

    private func askSparing(_ node: NodeID, _ body: [UInt8]) async -> SparingReply? {
        guard let address = book.address(of: node),
            let reply = try? await peers.request(
                PeerMethod.spare.rawValue,
                body,
                to: address,
                timeout: .seconds(1)
            )
        else { return nil }
        return try? SparingReply(decoding: reply)
    }

    /// Other voters that answer, and vote.
    var otherVotersNow: [NodeID] {
        voters.filter { node in
            node != membership.node && health.answersNow(node)
                && health.report(of: node)?.status.isVoter == true
        }
    }

    /// Of several with rotten logs the one with the smallest node id goes first, and the others wait for
    /// a while until it is back: the cluster is without more than one voter only if it must.
    private var isFirstOfTheRotten: Bool {
        guard let me = membership.node else { return false }
        return voters.filter { $0 < me && health.answersNow($0) }.allSatisfy { node in
            let alarms = health.report(of: node)?.status.alarms ?? []
            return !alarms.contains { $0.kind == .logRot }
        }
    }

    /// Another voter asks: says who votes, and binds this one, or says why not.
    func answerSparing(
        _ body: [UInt8],
        from remote: PeerHello
    ) throws(PeerFailure) -> [UInt8] {
        try requireMember(remote)
        guard let request = try? SparingRequest(decoding: body) else {
            throw .because(.badRequest, "not a voter's question")
        }
        guard let state = driver?.state, ownRot == nil, !state.disk.isFull else {
            throw .because(.refused, "this worker has no sound log itself")
        }
        guard state.leader != nil, state.commit >= request.applied,
            state.voters == state.committedVoters, !state.voters.isJoint
        else { throw .because(.refused, "no leader, behind, or the voters just change") }
        sparing.withLock { $0.bind(nowMS: settings.now()) }
        return SparingReply(voters: state.voters.incoming.map(\.node)).encode()
    }
}

/// Until when this voter keeps its own store, because others count on it.
struct Sparing: Sendable {
    /// Longer than the one that asked takes to end in order.
    private static let bindingMS: UInt64 = 60_000

    private var untilMS: UInt64 = 0

    func isBound(nowMS: UInt64) -> Bool { nowMS < untilMS }

    mutating func bind(nowMS: UInt64) {
        untilMS = max(untilMS, nowMS + Self.bindingMS)
    }
}
