// SPDX-License-Identifier: Apache-2.0
import CatalogCore
package import Codecs
import Logging
package import PeerTransport
import Primitives
import RaftCore

/// What other workers ask of this one.
extension CoordinationNode: PeerRequestHandler {
    package func hello() -> PeerHello { currentHello }

    package func accept(_ remote: PeerHello) -> PeerAdmission {
        guard let node = remote.node, remote.cluster == membership.cluster else { return .accepted }
        if let retired = replica.catalog.retired(store: remote.store) {
            return .refused(
                PeerRefusal(
                    .removed,
                    "store \(remote.store) was retired with node \(retired.node); start with an "
                        + "empty data directory to join as a new worker"
                )
            )
        }
        guard let worker = replica.catalog.worker(id: node), worker.store != remote.store
        else { return .accepted }
        return .refused(
            PeerRefusal(
                .foreignStore,
                "node \(node) was admitted with store \(worker.store), this is \(remote.store)"
            )
        )
    }

    package func message(_ body: [UInt8], from remote: PeerHello) {
        guard let driver, let node = remote.node, remote.cluster == membership.cluster else {
            return
        }
        do throws(ByteDecodingError) {
            let message = try RaftMessageCodec.decode(body)
            driver.received(message, from: Voter(node: node, store: remote.store))
        } catch {
            log.warning(
                "a peer's message cannot be read",
                metadata: ["peer.name": "\(remote.name)", "error": "\(error)"]
            )
        }
    }

    package func request(
        _ method: UInt8,
        _ body: [UInt8],
        from remote: PeerHello
    ) async -> PeerReply {
        guard let method = PeerMethod(rawValue: method) else {
            return .failure(PeerFailure(code: PeerFailure.unhandled))
        }
        do throws(PeerFailure) {
            return .success(try await answer(method, body, from: remote))
        } catch {
            return .failure(error)
        }
    }

    package func stream(
        _ method: UInt8,
        _ body: [UInt8],
        from remote: PeerHello,
        into sink: PeerStreamSink
    ) async -> PeerFailure? {
        guard method == PeerMethod.feed.rawValue else {
            return PeerFailure(code: PeerFailure.unhandled)
        }
        return await serveFeed(body, to: remote, into: sink)
    }

    private func answer(
        _ method: PeerMethod,
        _ body: [UInt8],
        from remote: PeerHello
    ) async throws(PeerFailure) -> [UInt8] {
        switch method {
        case .propose: return try await answerProposal(body, from: remote)
        case .proposeForAnother:
            return try await answerProposalOfAnother(body, from: remote)
        case .readIndex: return try await answerReadIndex(body, from: remote)
        case .admit: return try await answerAdmission(body, from: remote)
        case .promise: return try answerPromise(body)
        case .form: return try await answerFormation(body)
        case .status: return try answerStatus(body, from: remote)
        case .transfer: return try answerTransfer(body, from: remote)
        case .enlist: return try answerEnlistment(body, from: remote)
        case .release: return try answerRelease(body, from: remote)
        case .silence:
            try requireMember(remote)
            return try await answerSilence(body)
        case .spare: return try answerSparing(body, from: remote)
        case .voting: return try await answerVotingQuestion(body, from: remote)
        case .reach: return try await answerReach(body, from: remote)
        case .gossip: return try answerGossip(body, from: remote)
        case .feedOffer: return try answerOffer(from: remote)
        case .feed: throw .because(.badRequest, "the feed is a stream")
        }
    }
}

extension PeerFailure {
    static func because(_ code: PeerFailureCode, _ reason: String) -> Self {
        PeerFailure(code: code.rawValue, body: Array(reason.utf8))
    }
}

// MARK: - Methods of members

extension CoordinationNode {
    func requireMember(_ remote: PeerHello) throws(PeerFailure) {
        guard let cluster = membership.cluster, remote.cluster == cluster else {
            throw .because(.notInitialised, "not a member of your cluster")
        }
    }

    private func answerProposal(
        _ body: [UInt8],
        from remote: PeerHello
    ) async throws(PeerFailure) -> [UInt8] {
        try requireMember(remote)
        guard isCommand(body) else { throw .because(.badRequest, "not a command") }
        guard let driver, driver.state.role == .leader else {
            throw .because(.notLeader, "not the leader")
        }
        return try Self.answer(to: await driver.propose(body, within: .seconds(5)))
    }

    /// Checked before it reaches the log.
    func isCommand(_ body: [UInt8]) -> Bool { (try? CatalogCommand(decoding: body)) != nil }

    static func answer(to result: ProposalResult) throws(PeerFailure) -> [UInt8] {
        switch result {
        case .applied(let index, let result): return ProposalReply.encode(index, result: result)
        case .refused(.overloaded): throw .because(.overloaded, "too many proposals wait")
        case .refused(.noQuorum): throw .because(.noQuorum, "too few voters answer")
        case .refused(.disputed): throw .because(.disputed, "the voters' catalogs differ")
        case .refused: throw .because(.notLeader, "not the leader any more")
        case .unknown: throw .because(.unknown, "the outcome is unknown")
        }
    }

    private func answerTransfer(
        _ body: [UInt8],
        from remote: PeerHello
    ) throws(PeerFailure) -> [UInt8] {
        try requireMember(remote)
        var reader = ByteReader(body)
        guard let driver, driver.state.role == .leader else {
            throw .because(.notLeader, "not the leader")
        }
        guard let node = try? reader.integer(UInt64.self) else {
            throw .because(.badRequest, "not a node")
        }
        driver.transferLeadership(to: node == 0 ? nil : NodeID(node))
        return []
    }

    private func answerStatus(
        _ body: [UInt8],
        from remote: PeerHello
    ) throws(PeerFailure) -> [UInt8] {
        try requireMember(remote)
        guard let node = membership.node, let request = try? StatusRequest(decoding: body) else {
            throw .because(.badRequest, "not a status request")
        }
        if let asker = remote.node, let address = PeerAddress(request.peerAddress) {
            book.learned(asker, at: address)
        }
        return statusReply(as: node).encode()
    }

    func statusReply(as node: NodeID) -> StatusReply {
        let age = age  // First: what is applied meanwhile only makes it truer.
        let state = driver?.state
        let (catalog, applied) = replica.current
        let load = settings.load()
        return StatusReply(
            node: node,
            isVoter: state != nil,
            isLeader: state?.role == .leader,
            term: state?.term ?? .zero,
            leader: state?.leader,
            index: applied,
            revision: catalog.revision,
            age: age,
            usedBytes: load.usedBytes,
            pages: load.pages,
            addresses: registration.addresses,
            alarms: ownAlarms,
            roundTrips: ownRoundTrips
        )
    }
}
