// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
import Codecs
import PeerTransport
package import Primitives
import RaftCore
import Synchronization

/// Writes: from any worker to the leader and back.
///
/// While the quorum is there but nobody leads, a call is held up to five seconds. A call whose fate
/// is unknown is repeated only if it carries an idempotency key: then it cannot take effect twice.
extension CoordinationNode {
    /// How long a call waits for a leader.
    static let leaderPatience = Timespan.seconds(5)
    private static let retryPause = Duration.milliseconds(30)

    package func submit(
        _ command: CatalogCommand,
        within limit: Timespan
    ) async throws(CoordinationError) -> CatalogOutcome {
        guard membership.node != nil else { throw .notInitialised }

        let started = settings.now()
        let payload = command.encode()
        var isFateUnknown = false
        var isLeaderless = false  // By the last attempt.
        while true {
            let spent = settings.now() - started
            guard spent < limit.milliseconds, !Task.isCancelled else {
                throw isFateUnknown ? .outcomeUnknown : isLeaderless ? .noLeader : .timedOut
            }
            let left = Timespan(milliseconds: limit.milliseconds - spent)
            // Before anything is appended that nobody could say the fate of.
            try requireQuorum(isFateUnknown: isFateUnknown)
            let attempt = await propose(payload, within: left)
            switch attempt {
            case .applied(let index, let result):
                return try await finish(result, index: index, within: left)
            case .unknown:
                guard command.idempotency != nil else { throw .outcomeUnknown }
                isFateUnknown = true
                isLeaderless = false
            case .refused(.overloaded):
                throw isFateUnknown ? .outcomeUnknown : .overloaded
            case .refused(.disputed):
                throw isFateUnknown ? .outcomeUnknown : .unsafe(Self.disputeReason)
            case .refused(.noQuorum), .refused(.notLeader), .refused(.transferring),
                .refused(.leadershipLost), .refused(.quarantined):
                if isFateUnknown, spent > 4000 { throw .outcomeUnknown }
                try requireQuorum(isFateUnknown: isFateUnknown)
                isLeaderless = true
                guard spent < Self.leaderPatience.milliseconds else { throw .noLeader }
            }
            try? await Task.sleep(for: Self.retryPause)
        }
    }

    /// Refuses at once when too few voters answer.
    ///
    /// Not in the first second of listening for them, nor while it is unknown who votes.
    func requireQuorum(isFateUnknown: Bool = false) throws(CoordinationError) {
        let quorum = quorum
        guard quorum.have < quorum.need, quorum.have + quorum.missing.count > 0,
            !isStillListening, !hasConsensusHeardQuorum(but: quorum.missing)
        else { return }
        if isFateUnknown { throw .outcomeUnknown }
        throw .noQuorum(
            have: quorum.have,
            need: quorum.need,
            missing: quorum.missing.map(name(of:))
        )
    }

    /// Whether consensus says that a quorum answered the leader within the last second, though those who
    /// are missing have not answered here: on a bad network questions wait longer than heartbeats.
    ///
    /// Not if the connection to one of them has broken since.
    private func hasConsensusHeardQuorum(but missing: [NodeID]) -> Bool {
        guard let confirmedAtMS = driver?.state.confirmedAtMS else { return false }
        let now = settings.now()
        return now - min(now, confirmedAtMS) <= 1000
            && missing.allSatisfy { health.report(of: $0)?.lostAtMS ?? 0 < confirmedAtMS }
    }

    /// Whether this worker listens for less than a second: silence says nothing yet.
    var isStillListening: Bool {
        guard let since = listeningSinceMS.withLock({ $0 }) else { return true }
        let now = settings.now()
        return now - min(now, since) < 1000
    }

    /// One attempt: here, at whoever leads, or through a voter that reaches the leader.
    private func propose(_ payload: [UInt8], within limit: Timespan) async -> ProposalResult {
        guard let detour else { return await proposeDirectly(payload, within: limit) }
        let limit = min(limit, .seconds(5))
        let handed = HandedProposal(limit: limit, command: payload).encode()
        return await forward(.proposeForAnother, handed, to: detour.address, within: limit)
    }

    /// One attempt, here or at whoever leads.
    func proposeDirectly(_ payload: [UInt8], within limit: Timespan) async -> ProposalResult {
        let limit = min(limit, .seconds(5))
        if let driver, driver.state.role == .leader {
            return await driver.propose(payload, within: limit)
        }
        guard let leader = knownLeader, leader != membership.node,
            let address = book.address(of: leader)
        else { return .refused(.notLeader(hint: nil)) }
        return await withTaskGroup(of: ProposalResult?.self) { group in
            group.addTask { await self.forward(.propose, payload, to: address, within: limit) }
            group.addTask { await self.untilAnotherLeads(than: leader) }
            let result = await group.next() ?? nil
            group.cancelAll()
            return result ?? .unknown
        }
    }

    private func forward(
        _ method: PeerMethod,
        _ body: [UInt8],
        to address: PeerAddress,
        within limit: Timespan
    ) async -> ProposalResult {
        do throws(PeerError) {
            let reply = try await peers.request(
                method.rawValue,
                body,
                to: address,
                timeout: limit.duration
            )
            return ProposalReply.decode(reply) ?? .unknown
        } catch {
            return Self.result(of: error)
        }
    }

    /// Waits for as long as nobody else is known to lead: a leader that was cut off answers nothing, and
    /// its connection is only given up seconds later.
    ///
    /// - Returns: `nil`: what was asked of it has an unknown fate.
    private func untilAnotherLeads(than leader: NodeID) async -> ProposalResult? {
        let watch = leaderWatch.withLock { watch in
            let made = watch ?? LeaderWatch { [weak self] in self?.knownLeader }
            watch = made
            return made
        }
        await watch.untilAnotherLeads(than: leader)
        return nil
    }

    private static func result(of error: PeerError) -> ProposalResult {
        if case .failed(let failure) = error {
            switch PeerFailureCode(rawValue: failure.code) {
            case .notLeader, .notInitialised, .refused, .badRequest, .full:
                return .refused(.notLeader(hint: nil))
            case .noQuorum: return .refused(.noQuorum)
            case .overloaded: return .refused(.overloaded)
            case .disputed: return .refused(.disputed)
            case .unknown: return .unknown
            case nil: return result(ofTransport: failure.code)
            }
        }
        if case .overloaded = error { return .refused(.overloaded) }
        return error.effect == .none ? .refused(.notLeader(hint: nil)) : .unknown
    }

    /// What the transport there answered by itself.
    private static func result(ofTransport code: UInt8) -> ProposalResult {
        switch code {
        case PeerFailure.busy: .refused(.overloaded)
        case PeerFailure.unhandled: .refused(.notLeader(hint: nil))  // An earlier release.
        default: .unknown
        }
    }

    /// Whom to send writes to: what consensus says here, else what the others say.
    var knownLeader: NodeID? {
        if let driver { return driver.state.leader }
        return health.leadership(of: voters)?.leader
    }

    /// Reads what the state machine said, once this replica has it too; a log that is cut off will not
    /// soon.
    private func finish(
        _ result: [UInt8],
        index: LogIndex,
        within limit: Timespan
    ) async throws(CoordinationError) -> CatalogOutcome {
        guard let outcome = try? CatalogOutcome(decoding: result) else { throw .outcomeUnknown }
        let patience = isLogCutOff ? Timespan(milliseconds: 100) : .seconds(2)
        _ = await replica.wait(for: index, within: min(limit, patience))
        return outcome
    }
}

/// The answer to a forwarded proposal: where it was applied and what became of it.
enum ProposalReply {
    static func encode(_ index: LogIndex, result: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(index.rawValue)
        writer.write(result)
        return writer.bytes
    }

    static func decode(_ bytes: [UInt8]) -> ProposalResult? {
        var reader = ByteReader(bytes)
        guard let index = try? reader.integer(UInt64.self), let result = try? reader.run() else {
            return nil
        }
        return .applied(LogIndex(index), result: result)
    }
}
