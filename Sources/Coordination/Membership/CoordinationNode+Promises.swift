// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import PeerTransport
import Primitives

/// What the workers in `join` said to an init.
struct AskedWorkers {
    /// Fresh, and promised to this init.
    var fresh: [WorkerRegistration] = []
    /// Without a cluster, but not to be had.
    var rivals: [Rival] = []

    struct Rival {
        let name: String
        /// The init it is promised to; `nil` if it is just becoming a member.
        let holder: UniqueID?

        func goesFirst(before other: UniqueID) -> Bool { holder.map { $0 < other } ?? true }
    }
    var silentCount = 0

    func summary(wanted: Int, home: String) -> String {
        let names = fresh.map { "\($0.name) (\($0.region))" }.sorted().joined(separator: ", ")
        var parts = [
            "\(fresh.count) fresh workers answered: \(names.isEmpty ? "none" : names)",
            "\(wanted) are needed in region \(home)",
        ]
        if !rivals.isEmpty {
            let names = rivals.map(\.name).sorted().joined(separator: ", ")
            parts.append("promised to another init, or becoming members: \(names)")
        }
        if silentCount > 0 { parts.append("\(silentCount) addresses in 'join' are silent") }
        return parts.joined(separator: "; ")
    }
}

/// What one address said.
private enum Promise {
    case silent
    case ourselves
    case taken(AskedWorkers.Rival)
    case given(WorkerRegistration)
}

extension CoordinationNode {
    /// Asks every address in `join` and this worker itself for a promise.
    ///
    /// - Throws: ``CoordinationError/unsafe(_:)`` when one of them belongs to a cluster.
    func askAll(
        _ initialisation: UniqueID
    ) async throws(CoordinationError) -> AskedWorkers {
        var asked = AskedWorkers()
        switch membership.promise(initialisation, nowMS: settings.now()) {
        case initialisation: asked.fresh.append(registration)
        case let holder?:
            asked.rivals.append(AskedWorkers.Rival(name: registration.name, holder: holder))
        case nil: throw .unsafe("this worker is becoming a member of a cluster")
        }
        for address in settings.join {
            switch try await askPromise(initialisation, at: address) {
            case .silent: asked.silentCount += 1
            case .ourselves: break
            case .taken(let rival): asked.rivals.append(rival)
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
                ? .given(promise.registration)
                : .taken(AskedWorkers.Rival(name: hello.name, holder: promise.holder))
        } catch {
            guard case .failed(let failure) = error,
                failure.code == PeerFailureCode.refused.rawValue
            else { return .silent }
            return .taken(AskedWorkers.Rival(name: hello.name, holder: nil))
        }
    }

    /// Sets every worker free that promised itself to this init.
    func release(_ initialisation: UniqueID) async {
        membership.release(initialisation)
        let request = PromiseRequest(initialisation: initialisation, purpose: .release).encode()
        // Together: a silent address costs a second, however many there are. Whoever does not hear of
        // it is free ten seconds after its promise.
        await withDiscardingTaskGroup { group in
            for address in settings.join {
                group.addTask { [peers] in
                    _ = try? await peers.request(
                        PeerMethod.promise.rawValue,
                        request,
                        to: address,
                        timeout: .seconds(1)
                    )
                }
            }
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
