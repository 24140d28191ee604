// SPDX-License-Identifier: Apache-2.0
package import ClientRuntime
package import Codecs
import ElasticCore
package import Logging
import NIOCore
package import NIOPosix
import Origins
package import PageStorage
package import PageTransport
import PlacementCore
package import Primitives
package import Telemetry

/// Pages of this worker: from its store, from who held them before, or from the origin.
///
/// ```
///   read ─▶ store ── hit ─▶ answer
///             │ miss
///             ├─ in flight ─▶ wait for it
///             ├─ another's by a newer ring than the reader's ─▶ that one's answer
///             └─ claim a run ─▶ earlier owners ─▶ one conditional GET ─▶ answer, store, release
/// ```
package final class PageService: Sendable {
    /// Pages fetched in one request at most: 8 MiB.
    static let runLength = 8
    /// Of a run that somebody waits for: 4 MiB, so that the first byte does not wait for the last.
    static let urgentRunLength = 4
    /// Pages looked at behind one read at most: its hint is another process's word.
    static let aheadLimit: UInt32 = 32
    /// How long a reader waits for room among the pages in flight before it is told of the overload.
    static let roomPatience = Duration.seconds(10)

    let store: PageStore
    let origins: OriginTable
    let blocking: NIOThreadPool
    let metrics: PageMetrics
    let peers: PagePeers
    let log: Logger
    let fills = FillTable()
    let history = FillHistory()
    let gate: EpochGate
    let offers = OfferCount()
    let copies: CopyBooks

    /// Fetches nothing yet.
    ///
    /// - Parameters:
    ///   - store: Where pages are kept.
    ///   - origins: Where they come from.
    ///   - blocking: Runs the store's calls.
    ///   - metrics: Counts misses, and bytes read from origins.
    ///   - peers: Who else may have a page, and whose it is.
    ///   - copies: Told what comes and what is read.
    ///   - log: One line for each fill that fails.
    package init(
        store: PageStore,
        origins: OriginTable,
        blocking: NIOThreadPool,
        metrics: MetricRegistry,
        peers: PagePeers,
        copies: CopyBooks = CopyBooks(),
        log: Logger
    ) {
        self.store = store
        self.origins = origins
        self.blocking = blocking
        self.metrics = PageMetrics(registry: metrics)
        self.peers = peers
        self.copies = copies
        self.log = log
        let router = peers.router
        gate = EpochGate { router.epoch }
    }

    /// Pages being fetched, or on their way to the disk.
    package var fetching: Int { fills.count }

    /// Whether pages are on their way here that were claimed by an earlier ring than `epoch`'s.
    package func isFilling(before epoch: RingEpoch) -> Bool { fills.hasFills(before: epoch) }

    /// Answers one request; never later than the origin's deadline allows.
    package func read(_ request: PageReadRequest) async -> PageReply {
        let object = ObjectIdentity(request)
        guard let geometry = object.geometry, request.page < geometry.pageCount,
            Int(request.range.upperBound) <= geometry.byteCount(ofPage: request.page)
        else { return .failure(.rangeNotSatisfiable(byteCount: request.objectByteCount)) }

        noteEpoch(of: request)  // Before looking: what is not found is not fetched behind its back.
        if let stored = await stored(object, request) {
            readAhead(request, object, geometry)
            return page(stored, for: request)
        }
        if let fill = fills.fill(of: request.page, in: object), mayAwait(fill, request) {
            readAhead(request, object, geometry)
            let outcome = await fill.outcome()
            if !outcome.isAbandoned {
                return given(reply(outcome, range: request.range, source: .local), request)
            }
        }
        guard request.mode.mayFetch else { return await lookAgain(request, object) }
        return await fetch(request, object, geometry)
    }

    private func mayAwait(_ fill: PageFill, _ request: PageReadRequest) -> Bool {
        request.mode != .takeOver || fill.mayBeAwaited(under: request.epoch)
    }

    /// Looked for here and there it may have come in between.
    private func lookAgain(_ request: PageReadRequest, _ object: ObjectIdentity) async -> PageReply
    {
        if let stored = await stored(object, request) { return page(stored, for: request) }
        guard request.mode == .takeOver, store.wasEvicted(object, page: request.page) else {
            return .miss
        }
        return .evicted
    }

    private func page(_ stored: StoredPage, for request: PageReadRequest) -> PageReply {
        given(.page(stored.bytes, checksum: stored.checksum, source: .local), request)
    }

    /// Counts what goes to another worker; tells a reader of more copies than it knows of.
    private func given(_ reply: PageReply, _ request: PageReadRequest) -> PageReply {
        guard case .page(let bytes, let checksum, let source, _) = reply else { return reply }
        guard request.mode != .takeOver else {
            metrics.handedOver(.out, byteCount: bytes.readableBytes)
            return reply
        }
        // One byte is a question: who has the page, or that it will be wanted soon.
        guard request.range.count > 1 else { return reply }
        let extra = noteRead(request, byteCount: bytes.readableBytes)
        guard extra > 0 else { return reply }
        let known = peers.turn(for: request).route.keepers.count
        return .page(
            bytes,
            checksum: checksum,
            source: source,
            copies: UInt8(clamping: known + extra)
        )
    }

    /// A reader was given so many bytes; says how many copies beyond the mounts' it may be told of.
    @discardableResult
    package func noteRead(_ request: PageReadRequest, byteCount: Int) -> Int {
        copies.read(request.page, of: ObjectIdentity(request), byteCount: byteCount)
    }

    private func noteEpoch(of request: PageReadRequest) {
        guard ByteString(request.region) == ByteString(peers.router.region) else { return }
        gate.heard(request.epoch)
    }

    /// Answers from the store without a task of its own.
    ///
    /// Returns `false`, and never answers, where the page is not stored. `nil` says that it was evicted
    /// or is damaged: ``read(_:)`` after all.
    package func answerIfStored(
        _ request: PageReadRequest,
        _ answer: @escaping @Sendable (PageReply?) -> Void
    ) -> Bool {
        let object = ObjectIdentity(request)
        guard let geometry = object.geometry, request.page < geometry.pageCount,
            Int(request.range.upperBound) <= geometry.byteCount(ofPage: request.page),
            store.contains(object, page: request.page)
        else { return false }

        noteEpoch(of: request)
        readAhead(request, object, geometry)
        let range = Int(request.range.lowerBound)..<Int(request.range.upperBound)
        blocking.submit { [self] state in
            guard case .active = state else { return answer(.failure(.stopping)) }
            if let found = try? store.read(object, page: request.page, range: range) {
                answer(page(found, for: request))
                return
            }
            answer(nil)
        }
        return true
    }

    func stored(
        _ object: ObjectIdentity,
        _ request: PageReadRequest
    ) async -> StoredPage? {
        guard store.contains(object, page: request.page) else { return nil }
        let range = Int(request.range.lowerBound)..<Int(request.range.upperBound)
        let page = try? await blocking.runIfActive { [store] in
            try store.read(object, page: request.page, range: range)
        }
        return page ?? nil  // An error is counted by the store; for the reader it is a miss.
    }
}
