// SPDX-License-Identifier: Apache-2.0
import CatalogCore
package import ClientRuntime
import Codecs
import ElasticCore
import PageTransport
package import Primitives

/// The region's other workers, as one of them sees them that fills pages.
package struct PagePeers: Sendable {
    /// How long a first owner that readers went past may take to say that it lives.
    static let passedPatience = Duration.milliseconds(250)

    package let me: NodeID
    let router: Router
    let asking: any WorkerAsking
    let bulk: any WorkerAsking
    let suspects: SuspectList
    let known = KnownReplicas()

    /// - Parameters:
    ///   - me: This worker.
    ///   - router: Who owns what in its region.
    ///   - asking: The way to the others; should give up on a silent one within a second.
    ///   - bulk: The same for pages that move in the background: readers must not queue behind them.
    ///   - suspects: Shared by everybody in this process who asks them.
    package init(
        me: NodeID,
        router: Router,
        asking: any WorkerAsking,
        bulk: any WorkerAsking,
        suspects: SuspectList
    ) {
        self.me = me
        self.router = router
        self.asking = asking
        self.bulk = bulk
        self.suspects = suspects
    }

    /// Where a page belongs, by the newest ring this worker knows.
    func route(of request: PageReadRequest) -> PageRoute {
        let replicas = router.catalog.mount(at: request.mount)?.mount.replicas ?? 1
        return router.route(of: request.placement, replicas: Int(replicas))
    }

    /// What this worker does about a page that it does not hold.
    func turn(for request: PageReadRequest) -> PageTurn { PageTurn(route(of: request), at: me) }

    /// By what right a page would be filled here.
    func standing(for request: PageReadRequest) -> FillStanding { turn(for: request).standing }

    /// Whether a worker that readers went past says at once that it lives.
    func answersAtOnce(_ worker: WorkerTarget) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.answersPing(worker) }
            group.addTask {
                try? await Task.sleep(for: Self.passedPatience)
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }

    private func answersPing(_ worker: WorkerTarget) async -> Bool {
        do throws(PageClientError) {
            return try await asking.ask(.ping, of: worker) == .pong
        } catch {
            if error.isWorkersFault { suspects.failed(worker.node) }
            return false
        }
    }

    /// Asks for a page to take over, for as long as the other says that it is at work.
    func take(
        _ request: PageReadRequest,
        from worker: WorkerTarget,
        by way: any WorkerAsking
    ) async -> PeerAnswer {
        do throws(PageClientError) {
            let reply = try await way.ask(.read(request), of: worker)
            suspects.answered(worker.node)
            return PeerAnswer(reply)
        } catch {
            if error.isWorkersFault { suspects.failed(worker.node) }
            return PeerAnswer(error, isDoubted: suspects.isDoubtedByOthers(worker.node))
        }
    }
}

/// What another worker said about a page, with the page.
struct PeerAnswer: Sendable {
    let word: PeerWord
    /// Where that is the word.
    var page: FilledPage?

    init(_ reply: PageReply) {
        switch reply {
        case .page(let bytes, let checksum, _, _):
            word = .page
            page = FilledPage(bytes: bytes, checksum: checksum, source: .peer, isMoved: true)
        case .evicted: word = .evicted
        case .failure(let failure): word = PeerWord(failure)
        default: word = .miss
        }
    }

    init(_ error: PageClientError, isDoubted: Bool) {
        word =
            switch error {
            case .unreachable, .refused, .disconnected, .closed: .dead
            case .silent, .timedOut, .cancelled: .silence(isDoubted: isDoubted)
            case .overloaded: .late
            case .corrupt, .protocolViolation: .miss
            case .failed(let failure): PeerWord(failure)
            }
    }
}
