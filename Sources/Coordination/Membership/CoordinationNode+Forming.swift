// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import Glibc
import Logging
import PeerTransport
import Primitives

/// The last step of an init: each chosen worker becomes a voter.
extension CoordinationNode {
    /// Tells every voter, and returns when each has applied genesis.
    func form(
        _ formation: Formation,
        until deadline: UInt64
    ) async throws(CoordinationError) {
        var waiting = formation.members
        var pauseMS = 5
        while settings.now() < deadline, !Task.isCancelled {
            waiting = await unformed(of: waiting, by: formation)
            if waiting.isEmpty { return }
            // Who answers can vote by now, and nobody has led yet: no election timeout need pass.
            driver?.stand()
            try? await Task.sleep(for: .milliseconds(pauseMS))
            pauseMS = min(2 * pauseMS, 50)
        }
        let names = waiting.map(\.name).joined(separator: ", ")
        log.error("init is incomplete; run it again here", metadata: ["missing": "\(names)"])
        let done = formation.members.count - waiting.count
        throw .unfinished(
            .initialisation,
            "\(done) of \(formation.members.count) voters have formed the cluster, missing: "
                + "\(names); run init again on this worker"
        )
    }

    /// Tells all of them at once: each makes a log, and waits for its own disk.
    private func unformed(
        of members: [WorkerRegistration],
        by formation: Formation
    ) async -> [WorkerRegistration] {
        await withTaskGroup(of: Int?.self) { group in
            for (place, member) in members.enumerated() {
                group.addTask { await self.isFormed(member, by: formation) ? nil : place }
            }
            var left: [Int] = []
            for await place in group { if let place { left.append(place) } }
            return left.sorted().map { members[$0] }
        }
    }

    private func isFormed(_ member: WorkerRegistration, by formation: Formation) async -> Bool {
        let body = formation.encode()
        if member.store == registration.store {
            return (try? await answerFormation(body))?.first == 1
        }
        guard let address = PeerAddress(member.addresses.peer) else { return false }
        if let isFormed = await askFormed(body, at: address) { return isFormed }
        guard let moved = await currentAddress(of: member.store) else { return false }
        return await askFormed(body, at: moved) ?? false
    }

    /// `nil` if nobody answers there.
    private func askFormed(_ body: [UInt8], at address: PeerAddress) async -> Bool? {
        let reply = try? await peers.request(
            PeerMethod.form.rawValue,
            body,
            to: address,
            timeout: .seconds(2)
        )
        return reply.map { $0.first == 1 }
    }

    /// Where a store lives that is not where it was when the init began: one of `join`, if at all.
    private func currentAddress(of store: StoreID) async -> PeerAddress? {
        for address in settings.join {
            let hello = try? await peers.probe(address, timeout: .seconds(1))
            if hello?.store == store { return address }
        }
        return nil
    }

    /// Becomes a voter of this cluster, once; answers 1 when genesis is applied here, else 0.
    func answerFormation(_ body: [UInt8]) async throws(PeerFailure) -> [UInt8] {
        guard let formation = try? Formation(decoding: body),
            let node = formation.node(of: registration.store)
        else { throw .because(.badRequest, "not a formation with this worker in it") }

        if membership.cluster != formation.cluster.id {
            try await becomeVoter(formation, node)
        }
        let isFormed =
            membership.state.isVoter && replica.catalog.cluster?.id == formation.cluster.id
        return [isFormed ? 1 : 0]
    }

    private func becomeVoter(_ formation: Formation, _ node: NodeID) async throws(PeerFailure) {
        guard membership.beginJoining(formation.initialisation, nowMS: settings.now()) else {
            throw .because(.refused, "promised to another init, or a member already")
        }
        do throws(MembershipStoreError) {
            try store.becomeVoter(formation, node)
        } catch {
            membership.endJoining(nil)
            log.error("becoming a voter failed", metadata: ["error": "\(error)"])
            throw .because(.unknown, "\(error)")
        }
        for (offset, member) in formation.members.enumerated() {
            if let address = PeerAddress(member.addresses.peer) {
                book.learned(NodeID(UInt64(offset) + 1), at: address)
            }
        }
        do throws(MembershipStoreError) {
            try startVoting()
        } catch {
            // The disk says voter: a process that goes on as a fresh one would promise itself again.
            log.critical("a new voter cannot open its log; ending", metadata: ["error": "\(error)"])
            _exit(1)
        }
        membership.endJoining(.voter(formation.cluster.id, node))
        peers.announce()
        log.notice(
            "became a voter",
            metadata: ["cluster.id": "\(formation.cluster.id)", "node.id": "\(node)"]
        )
    }
}
