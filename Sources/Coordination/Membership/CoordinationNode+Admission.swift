// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import LogStorage
import Logging
import PeerTransport
import Primitives

/// How a fresh worker becomes a member of a cluster that exists.
extension CoordinationNode {
    /// Looks for a cluster through `join` until this worker is a member, by admission or by init.
    ///
    /// Who is refused comes back less often: nothing but an operator's doing will change the answer.
    func joinUntilMember() async {
        while !Task.isCancelled, membership.node == nil {
            var isRefused = false
            for address in settings.join where membership.node == nil && !isRefused {
                guard let hello = try? await peers.probe(address, timeout: .seconds(1)),
                    let cluster = hello.cluster, hello.store != registration.store,
                    mayJoin(cluster, hello)
                else { continue }
                isRefused = await !askAdmission(at: address)
            }
            let pause = Timespan(milliseconds: isRefused ? 3000 : 300)
            _ = await membership.memberMark.wait(for: 1, within: pause)
        }
    }

    /// Whose voter's store was lost belongs to that cluster, or to one that goes on from it.
    private func mayJoin(_ cluster: ClusterID, _ hello: PeerHello) -> Bool {
        guard case .lostStore(let lost) = store.opening else { return true }
        return lost.cluster == cluster || hello.lineage.contains(lost.cluster)
    }

    /// - Returns: `false` if the cluster does not want this worker as it is.
    private func askAdmission(at address: PeerAddress) async -> Bool {
        guard let reply = await admission(at: address) else { return true }
        switch reply {
        case .admitted(let cluster, let node):
            becomeObserver(cluster, node)
            return true
        case .replacing:
            membership.setReplacing(true)
        case .refused(let reason):
            refuse(reason)
        }
        return false
    }

    /// What a worker of a cluster says to this one's wish to be a member; `nil` without an answer.
    func admission(at address: PeerAddress) async -> AdmissionReply? {
        var writer = ByteWriter()
        writer.write(CatalogCommand(operation: .register(registration)).encode())
        let answer = try? await peers.request(
            PeerMethod.admit.rawValue,
            writer.bytes,
            to: address,
            timeout: .seconds(6)
        )
        return answer.flatMap { try? AdmissionReply(decoding: $0) }
    }

    private func becomeObserver(_ cluster: ClusterID, _ node: NodeID) {
        membership.setReplacing(false)
        guard membership.beginJoining(nil, nowMS: settings.now()) else { return }
        do throws(MembershipStoreError) {
            try store.becomeObserver(cluster, node)
            membership.endJoining(.observer(cluster, node))
            alarms.clear(.storeLost)
            peers.announce()
            log.notice("joined", metadata: ["cluster.id": "\(cluster)", "node.id": "\(node)"])
        } catch {
            membership.endJoining(nil)
            log.error("the identity cannot be written", metadata: ["error": "\(error)"])
        }
    }

    /// Another worker wants to be admitted: registers it, unless its name is somebody else's.
    ///
    /// The log decides whom to admit, not what this worker believes: only the outcome of the committed
    /// command counts. A name that another store has here already is refused without a command: an
    /// old answer costs a moment, a command each time would fill the log. Only a store that answers
    /// now makes a name another's for good.
    func answerAdmission(
        _ body: [UInt8],
        from remote: PeerHello
    ) async throws(PeerFailure) -> [UInt8] {
        guard let cluster = membership.cluster else {
            throw .because(.notInitialised, "this worker has no cluster itself")
        }
        var reader = ByteReader(body)
        guard let registration = try? reader.registration() else {
            throw .because(.badRequest, "not a registration")
        }
        guard registration.store == remote.store else {
            throw .because(.badRequest, "a worker can ask for itself alone")
        }
        if let entry = replica.catalog.worker(named: registration.name),
            entry.store != registration.store
        {
            return try await answerSuccessor(of: entry, registration, cluster).encode()
        }
        if let entry = replica.catalog.worker(store: registration.store) {
            try refuseVoter(entry)
        }
        let command = CatalogCommand(operation: .register(registration))
        let outcome: CatalogOutcome
        do throws(CoordinationError) {
            outcome = try await submit(command, within: .seconds(5))
        } catch {
            throw .because(.unknown, "the registration did not go through: \(error)")
        }
        if case .worker(let entry) = outcome { try refuseVoter(entry) }
        return await admissionReply(outcome, registration, cluster).encode()
    }

    /// A worker wants a name that another store has: it takes its place if that one is gone.
    private func answerSuccessor(
        of holder: WorkerEntry,
        _ registration: WorkerRegistration,
        _ cluster: ClusterID
    ) async throws(PeerFailure) -> AdmissionReply {
        let taken = CatalogOutcome.refused(.nameTaken(by: holder.store, node: holder.id))
        let reply = await admissionReply(taken, registration, cluster)
        guard case .replacing = reply, await isSilentEverywhere(holder.id) else { return reply }

        let command = CatalogCommand(operation: .replace(registration, retiring: holder.id))
        do throws(CoordinationError) {
            let outcome = try await submit(command, within: .seconds(5))
            return await admissionReply(outcome, registration, cluster)
        } catch {
            throw .because(.unknown, "the replacement did not go through: \(error)")
        }
    }

    /// As an observer it would take a vote away that the quorum is counted with.
    private func refuseVoter(_ entry: WorkerEntry) throws(PeerFailure) {
        guard voters.contains(entry.id) else { return }
        throw .because(.refused, "node \(entry.id) is a first voter: run init again to form it")
    }

    private func admissionReply(
        _ outcome: CatalogOutcome,
        _ registration: WorkerRegistration,
        _ cluster: ClusterID
    ) async -> AdmissionReply {
        switch outcome {
        case .worker(let entry):
            return .admitted(cluster, entry.id)
        case .refused(.nameTaken(let store, let node)):
            guard await isAlive(node, store: store) else { return .replacing }
            return .refused(
                """
                the name '\(registration.name)' belongs to node \(node), which is alive with store \
                \(store); start this worker under another name, or stop the other one first
                """
            )
        case .refused(let refusal):
            return .refused("the cluster refused the registration: \(refusal)")
        case .clusterFormed, .mount, .mountRemoved, .credential, .credentialRemoved, .ring, .job:
            return .refused("the cluster answered something else: \(outcome)")
        }
    }

    /// Whether the store that holds a name still answers, asked now.
    private func isAlive(_ node: NodeID, store: StoreID) async -> Bool {
        if node == membership.node { return true }
        guard let address = book.address(of: node),
            let hello = try? await peers.probe(address, timeout: .seconds(1))
        else { return false }
        return hello.store == store
    }
}
