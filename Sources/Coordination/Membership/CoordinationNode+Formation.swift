// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import Logging
import PeerTransport
package import Primitives
import RaftCore
import Synchronization

/// How a cluster is born: `cluster init`, once.
///
/// ```
///   ask every address in join ─▶ choose voters ─▶ promise from each ─▶ write the intent here
///                                                                          │
///   done ◀── each says that genesis is applied ◀── form: log, then identity, on each
/// ```
///
/// Whatever is interrupted is taken up by running init again on the same worker: the intent on disk
/// names cluster and voters, and forming twice is forming once.
extension CoordinationNode {
    package func initialise(
        _ request: InitialisationRequest,
        within limit: Timespan
    ) async throws(CoordinationError) -> FormedCluster {
        let deadline = settings.now() + limit.milliseconds
        try await takeTurn(until: deadline)
        defer { initialising.withLock { $0.end() } }
        let formation: Formation
        if let intent = try readIntent() {
            if let cluster = membership.cluster, cluster != intent.cluster.id {
                throw .unsafe("this worker already belongs to cluster \(cluster)")
            }
            formation = intent
        } else {
            if let cluster = membership.cluster {
                throw .unsafe("this worker already belongs to cluster \(cluster)")
            }
            formation = try await prepare(request, until: deadline)
        }
        try await form(formation, until: deadline)
        try? store.clearIntent()  // Kept on failure: it is then cleared by the next run.
        return FormedCluster(
            entry: formation.cluster,
            voters: formation.members.map(\.name)
        )
    }

    /// One init after the other on one worker: who comes second sees what became of the first.
    private func takeTurn(until deadline: UInt64) async throws(CoordinationError) {
        while !initialising.withLock({ $0.begin() }) {
            guard settings.now() < deadline, !Task.isCancelled else {
                throw .incomplete("another init is running on this worker")
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    private func readIntent() throws(CoordinationError) -> Formation? {
        do throws(MembershipStoreError) {
            return try store.loadIntent()
        } catch {
            throw .unsafe("\(error)")
        }
    }

    /// Gathers promises and writes the intent.
    private func prepare(
        _ request: InitialisationRequest,
        until deadline: UInt64
    ) async throws(CoordinationError) -> Formation {
        var generator = SystemRandomNumberGenerator()
        // The same until one succeeds: run again, those who promised promise at once again.
        let initialisation = initialising.withLock { $0.id(using: &generator) }
        let count = try voterCount(request)
        var asked = Asked(fresh: [])
        while settings.now() < deadline, !Task.isCancelled {
            asked = try await askAll(initialisation)
            let chosen = VoterSelection.choose(
                count,
                from: asked.fresh,
                home: registration.region,
                survival: request.survival
            )
            if asked.rivals.contains(where: { $0.initialisation < initialisation }) {
                // The smaller id goes first. It has this long to take what is set free here.
                await release(initialisation)
                let pauseMS = Int64.random(in: 500...1500, using: &generator)
                try? await Task.sleep(for: .milliseconds(pauseMS))
                continue
            }
            // One that is promised to another init may be about to form a cluster with it.
            if let chosen, asked.rivals.isEmpty {
                let cluster = ClusterEntry(
                    id: ClusterID(UniqueID(using: &generator)),
                    generation: 1,
                    survival: request.survival,
                    timing: request.timing,
                    featureLevel: 1,
                    voters: (1...UInt64(chosen.count)).map(NodeID.init)
                )
                let formation = Formation(
                    initialisation: initialisation,
                    cluster: cluster,
                    members: chosen
                )
                try keep(formation)
                return formation
            }
            try? await Task.sleep(for: .milliseconds(200))
        }
        throw .incomplete(asked.summary(wanted: count, home: registration.region))
    }

    private func keep(_ formation: Formation) throws(CoordinationError) {
        do throws(MembershipStoreError) {
            try store.saveIntent(formation)
        } catch {
            throw .unsafe("\(error)")
        }
    }

    private func voterCount(_ request: InitialisationRequest) throws(CoordinationError) -> Int {
        let addresses = max(settings.join.count, 1)
        let count = request.voterCount ?? VoterSelection.defaultCount(addressCount: addresses)
        guard count % 2 == 1, (1...7).contains(count) else {
            throw .badValue("voters: \(count) given; 1, 3, 5 or 7 are allowed")
        }
        return count
    }
}

// MARK: - Asking

/// The init that this worker runs, one at a time.
struct OwnInitialisation: Sendable {
    private var known: UniqueID?
    private var isRunning = false

    mutating func begin() -> Bool {
        defer { isRunning = true }
        return !isRunning
    }

    mutating func end() { isRunning = false }

    mutating func id(using generator: inout SystemRandomNumberGenerator) -> UniqueID {
        let id = known ?? UniqueID(using: &generator)
        known = id
        return id
    }
}

/// What the workers in `join` said to an init.
private struct Asked {
    /// Fresh, and promised to this init.
    var fresh: [WorkerRegistration]
    /// Fresh, but promised to another init.
    var rivals: [(name: String, initialisation: UniqueID)] = []
    var silentCount = 0

    func summary(wanted: Int, home: String) -> String {
        let names = fresh.map { "\($0.name) (\($0.region))" }.sorted().joined(separator: ", ")
        var parts = [
            "\(fresh.count) fresh workers answered: \(names.isEmpty ? "none" : names)",
            "\(wanted) are needed in region \(home)",
        ]
        if !rivals.isEmpty {
            let names = rivals.map(\.name).sorted().joined(separator: ", ")
            parts.append("promised to another init: \(names)")
        }
        if silentCount > 0 { parts.append("\(silentCount) addresses in 'join' are silent") }
        return parts.joined(separator: "; ")
    }
}

/// What one address said.
private enum Promise {
    case silent
    case ourselves
    case taken(name: String, by: UniqueID)
    case given(WorkerRegistration)
}

extension CoordinationNode {
    /// Asks every address in `join` and this worker itself for a promise.
    ///
    /// - Throws: ``CoordinationError/unsafe(_:)`` when one of them belongs to a cluster.
    private func askAll(
        _ initialisation: UniqueID
    ) async throws(CoordinationError) -> Asked {
        var asked = Asked(fresh: [])
        switch membership.promise(initialisation, nowMS: settings.now()) {
        case initialisation: asked.fresh.append(registration)
        case let holder?: asked.rivals.append((registration.name, holder))
        case nil: throw .unsafe("this worker is becoming a member of a cluster")
        }
        for address in settings.join {
            switch try await askPromise(initialisation, at: address) {
            case .silent: asked.silentCount += 1
            case .ourselves: break
            case .taken(let name, let holder): asked.rivals.append((name, holder))
            case .given(let answer):
                if asked.fresh.contains(where: { $0.store == answer.store }) { continue }
                if asked.fresh.contains(where: { $0.name == answer.name }) {
                    throw .unsafe("two workers are named '\(answer.name)'; names are unique")
                }
                asked.fresh.append(answer)
            }
        }
        return asked
    }

    private func askPromise(
        _ initialisation: UniqueID,
        at address: PeerAddress
    ) async throws(CoordinationError) -> Promise {
        guard let hello = try? await peers.probe(address, timeout: .seconds(1)) else {
            return .silent
        }
        if hello.store == registration.store { return .ourselves }
        if let cluster = hello.cluster {
            throw .unsafe(
                "'\(hello.name)' at \(address) already belongs to cluster \(cluster); "
                    + "start this worker with that cluster in 'join' instead of init"
            )
        }
        do throws(PeerError) {
            let reply = try await peers.request(
                PeerMethod.promise.rawValue,
                PromiseRequest(initialisation: initialisation).encode(),
                to: address,
                timeout: .seconds(1)
            )
            guard let promise = try? PromiseReply(decoding: reply) else { return .silent }
            return promise.holder == initialisation
                ? .given(promise.registration) : .taken(name: hello.name, by: promise.holder)
        } catch {
            return .silent
        }
    }

    /// Sets every worker free that promised itself to this init.
    private func release(_ initialisation: UniqueID) async {
        membership.release(initialisation)
        let request = PromiseRequest(initialisation: initialisation, purpose: .release).encode()
        for address in settings.join {
            _ = try? await peers.request(
                PeerMethod.promise.rawValue,
                request,
                to: address,
                timeout: .seconds(1)
            )
        }
    }

    func answerPromise(_ body: [UInt8]) throws(PeerFailure) -> [UInt8] {
        guard let request = try? PromiseRequest(decoding: body) else {
            throw .because(.badRequest, "not a promise request")
        }
        let initialisation = request.initialisation
        if request.purpose == .release { membership.release(initialisation) }
        guard isListening, request.purpose == .take,
            let holder = membership.promise(initialisation, nowMS: settings.now())
        else { throw .because(.refused, "not fresh, or set free") }
        return PromiseReply(registration: registration, holder: holder).encode()
    }
}

// MARK: - Forming

extension CoordinationNode {
    /// Tells every voter, and returns when each has applied genesis.
    private func form(
        _ formation: Formation,
        until deadline: UInt64
    ) async throws(CoordinationError) {
        var waiting = formation.members
        while settings.now() < deadline, !Task.isCancelled {
            var left: [WorkerRegistration] = []
            for member in waiting where await !isFormed(member, by: formation) {
                left.append(member)
            }
            waiting = left
            if waiting.isEmpty { return }
            try? await Task.sleep(for: .milliseconds(50))
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

    private func isFormed(_ member: WorkerRegistration, by formation: Formation) async -> Bool {
        let body = formation.encode()
        if member.store == registration.store {
            return (try? await answerFormation(body))?.first == 1
        }
        guard let address = PeerAddress(member.addresses.peer) else { return false }
        let reply = try? await peers.request(
            PeerMethod.form.rawValue,
            body,
            to: address,
            timeout: .seconds(2)
        )
        return reply?.first == 1
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
            for (offset, member) in formation.members.enumerated() {
                if let address = PeerAddress(member.addresses.peer) {
                    book.learned(NodeID(UInt64(offset) + 1), at: address)
                }
            }
            try startVoting()
        } catch {
            membership.endJoining(nil)
            log.error("becoming a voter failed", metadata: ["error": "\(error)"])
            throw .because(.unknown, "\(error)")
        }
        membership.endJoining(.voter(formation.cluster.id, node))
        peers.announce()
        log.notice(
            "became a voter",
            metadata: ["cluster.id": "\(formation.cluster.id)", "node.id": "\(node)"]
        )
    }
}
