// SPDX-License-Identifier: Apache-2.0
package import ClientRuntime
package import Codecs
package import Logging
import NIOCore
package import NIOPosix
import Origins
package import PageStorage
package import PageTransport
import PlacementCore
import Primitives
package import Telemetry

/// Pages of this worker: from its store, or from the origin where it is the filler.
///
/// ```
///   read ─▶ store ── hit ─▶ answer
///             │ miss
///             ├─ in flight ─▶ wait for it
///             └─ claim a run ─▶ one conditional GET ─▶ checksum ─▶ answer, store, release
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
    let isFiller: @Sendable (PageReadRequest) -> Bool
    let log: Logger
    let fills = FillTable()
    let history = FillHistory()

    /// Fetches nothing yet.
    ///
    /// - Parameters:
    ///   - store: Where pages are kept.
    ///   - origins: Where they come from.
    ///   - blocking: Runs the store's calls.
    ///   - metrics: Counts misses, and bytes read from origins.
    ///   - isFiller: Whether this worker is the first owner of the page by its own ring.
    ///   - log: One line for each fill that fails.
    package init(
        store: PageStore,
        origins: OriginTable,
        blocking: NIOThreadPool,
        metrics: MetricRegistry,
        isFiller: @escaping @Sendable (PageReadRequest) -> Bool,
        log: Logger
    ) {
        self.store = store
        self.origins = origins
        self.blocking = blocking
        self.metrics = PageMetrics(registry: metrics)
        self.isFiller = isFiller
        self.log = log
    }

    /// Pages being fetched, or on their way to the disk.
    package var fetching: Int { fills.count }

    /// Answers one request; never later than the origin's deadline allows.
    package func read(_ request: PageReadRequest) async -> PageReply {
        let object = ObjectIdentity(request)
        guard let geometry = object.geometry, request.page < geometry.pageCount,
            Int(request.range.upperBound) <= geometry.byteCount(ofPage: request.page)
        else { return .failure(.rangeNotSatisfiable(byteCount: request.objectByteCount)) }

        if let stored = await stored(object, request) {
            readAhead(request, object, geometry)
            return .page(stored.bytes, checksum: stored.checksum, source: .local)
        }
        if let fill = fills.fill(of: request.page, in: object) {
            readAhead(request, object, geometry)
            return reply(await fill.outcome(), range: request.range, source: .local)
        }
        guard request.mode == .read else {
            // Looked for here and there it may have come in between.
            guard let stored = await stored(object, request) else { return .miss }
            return .page(stored.bytes, checksum: stored.checksum, source: .local)
        }
        return await fetch(request, object, geometry)
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

        readAhead(request, object, geometry)
        let range = Int(request.range.lowerBound)..<Int(request.range.upperBound)
        blocking.submit { [self] state in
            guard case .active = state else { return answer(.failure(.stopping)) }
            if let found = try? store.read(object, page: request.page, range: range) {
                answer(.page(found.bytes, checksum: found.checksum, source: .local))
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
