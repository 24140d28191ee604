// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import Codecs
import ElasticCore
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
        let turn = peers.turn(for: request)
        guard let filler = turn.heir(of: request, isSuspect: peers.suspects.isSuspect) else {
            return nil
        }
        let forwarded = turn.handedOn(request)
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
        case .page(let bytes, let checksum, .local, _):
            .page(bytes, checksum: checksum, source: .peer)
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
        var search = HolderSearch(peers.route(of: request), for: peers.me, pages: run.pages)
        let lookup = request.lookup(run.standing)
        var taken: [(number: UInt32, page: FilledPage)] = []
        while true {
            switch search.next(isSuspect: peers.suspects.isSuspect) {
            case .finished: return (taken, search.findings)
            case .probe(let worker): search.probed(isAlive: await peers.answersAtOnce(worker))
            case .ask(let worker, let pages):
                for (number, answer) in await ask(worker, for: pages, object, lookup) {
                    search.heard(answer.word, about: number)
                    guard let page = answer.page else { continue }
                    run.fills[Int(number - run.pages.lowerBound)].finish(.success(page))
                    taken.append((number, page))
                }
            }
        }
    }

    /// Asks one worker for several pages at once; a run bounds how many.
    private func ask(
        _ worker: WorkerTarget,
        for pages: [UInt32],
        _ object: ObjectIdentity,
        _ lookup: PageReadRequest
    ) async -> [(number: UInt32, answer: PeerAnswer)] {
        await withTaskGroup(of: (number: UInt32, answer: PeerAnswer).self) { group in
            for page in pages {
                var lookup = lookup
                lookup.page = page
                lookup.range = 0..<UInt32(object.geometry?.byteCount(ofPage: page) ?? 0)
                group.addTask { [lookup, peers] in
                    (page, await peers.take(lookup, from: worker, by: peers.asking))
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }
}
