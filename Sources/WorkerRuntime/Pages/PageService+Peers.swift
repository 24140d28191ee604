// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import Codecs
import PageStorage
import PageTransport
import PlacementCore
import Primitives

/// What other workers do for a page that is not here: hold it, or be the one to fetch it.
extension PageService {
    // MARK: - Passing on

    /// The answer of the worker whose page it is by a newer ring than the reader's.
    ///
    /// `nil` where it is this one's, where the reader knew of that worker and went past it, and where
    /// that one does not answer: then it is fetched here.
    func passOn(_ request: PageReadRequest) async -> PageReply? {
        guard request.mode == .read else { return nil }
        let route = peers.route(of: request)
        guard request.epoch < route.epoch, let filler = route.filler, filler.node != peers.me,
            !peers.suspects.isSuspect(filler.node)
        else { return nil }
        var forwarded = request
        forwarded.mode = .forwarded
        forwarded.epoch = route.epoch
        do throws(PageClientError) {
            let reply = try await peers.asking.ask(.read(forwarded), of: filler)
            peers.suspects.answered(filler.node)
            return Self.relayed(reply)
        } catch .failed(let failure) {
            return Self.relayed(.failure(failure))
        } catch .overloaded {
            return .failure(.overloaded)
        } catch .cancelled {
            return .failure(.abandoned)  // Nobody waits for it any more.
        } catch {
            if error.isWorkersFault { peers.suspects.failed(filler.node) }
            return nil
        }
    }

    private static func relayed(_ reply: PageReply) -> PageReply? {
        switch reply {
        case .page(let bytes, let checksum, .local): .page(bytes, checksum: checksum, source: .peer)
        case .page: reply
        case .failure(let failure) where failure.isFinal: reply
        default: nil
        }
    }

    // MARK: - Taking over

    /// Takes what it can of a run from workers that may hold its pages, and answers whoever waits.
    ///
    /// - Returns: What came, not stored yet; and what is missing, with the reason.
    func takeOver(
        _ run: FillTable.Run,
        of object: ObjectIdentity,
        for request: PageReadRequest
    ) async -> (taken: [(number: UInt32, page: FilledPage)], findings: PeerFindings) {
        let route = peers.route(of: request)
        var taken: [(number: UInt32, page: FilledPage)] = []
        var findings = PeerFindings(
            missing: run.pages,
            hasLostHolder: route.hasRemovedHolder
        )
        for candidate in candidates(of: route) {
            guard !findings.missing.isEmpty else { break }
            guard await mayBeAsked(candidate) else {
                if candidate.isHolder { findings.noteLostHolder() }
                continue
            }
            let lookup = Self.lookup(request, run.standing)
            for (number, answer) in await ask(candidate, for: findings.missing, object, lookup) {
                findings.note(answer, about: number, fromHolder: candidate.isHolder)
                guard case .page(let page) = answer else { continue }
                run.fills[Int(number - run.pages.lowerBound)].finish(.success(page))
                taken.append((number, page))
            }
        }
        return (taken, findings)
    }

    private struct Candidate {
        let worker: WorkerTarget
        let isHolder: Bool
        /// Readers went past it, or could not reach it: it has to say first that it lives.
        let wasPassed: Bool
    }

    /// Whom to ask before the origin, in order.
    private func candidates(of route: PageRoute) -> [Candidate] {
        let filler = route.filler?.node
        return (route.holders.map { ($0, true) } + route.spares.map { ($0, false) })
            .filter { $0.0.node != peers.me }
            .map { worker, isHolder in
                Candidate(
                    worker: worker,
                    isHolder: isHolder,
                    wasPassed: worker.node == filler
                )
            }
    }

    private func mayBeAsked(_ candidate: Candidate) async -> Bool {
        guard candidate.wasPassed else {
            return !peers.suspects.isSuspect(candidate.worker.node)
        }
        return await peers.isAlive(candidate.worker)
    }

    private static func lookup(
        _ request: PageReadRequest,
        _ standing: FillStanding
    ) -> PageReadRequest {
        var lookup = request
        lookup.mode = .takeOver
        // That of the claim, whatever is known by now: it is what decides who waits for whom.
        lookup.epoch = standing.epoch
        lookup.readAhead = 0
        return lookup
    }

    /// Asks one worker for several pages at once; a run bounds how many.
    private func ask(
        _ candidate: Candidate,
        for pages: [UInt32],
        _ object: ObjectIdentity,
        _ lookup: PageReadRequest
    ) async -> [(number: UInt32, answer: PeerAnswer)] {
        await withTaskGroup(of: (number: UInt32, answer: PeerAnswer).self) { group in
            for page in pages {
                var lookup = lookup
                lookup.page = page
                lookup.range = 0..<UInt32(object.geometry?.byteCount(ofPage: page) ?? 0)
                group.addTask { [lookup] in
                    let peers = self.peers
                    return (
                        page, await peers.take(lookup, from: candidate.worker, by: peers.asking)
                    )
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }
}
