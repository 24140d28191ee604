// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import Codecs
import ElasticCore
import Logging
import NIOCore
import NIOPosix
import Origins
import PageStorage
import PageTransport
import PlacementCore
import Primitives
import Telemetry

/// Pages that are not here: fetched once, for all who wait and for those who will.
extension PageService {
    func fetch(
        _ request: PageReadRequest,
        _ object: ObjectIdentity,
        _ geometry: PageGeometry
    ) async -> PageReply {
        let ahead = UInt32(clamping: request.readAhead / PageGeometry.pageByteCount)
        let length = min(ahead, UInt32(Self.urgentRunLength) - 1) + 1
        let deadline = ContinuousClock.now + Self.roomPatience
        let reason = missReason(request, object)  // Before anything is fetched, which changes it.
        var unreadable = 0
        while unreadable < 2 {
            await gate.pass()
            let standing = peers.standing(for: request)
            if let reply = await passOn(request) { return reply }
            let claim = fills.claim(
                geometry.window(from: request.page, pageCount: length),
                of: object,
                runLength: Self.urgentRunLength,
                urgency: .first,
                standing: standing
            ) { isOutdated(standing.epoch) || store.contains(object, page: $0) }
            for run in claim.runs { start(run, of: object, for: request) }
            readAhead(request, object, geometry)

            if let fill = claim.first {
                let outcome = await fill.outcome()
                guard !outcome.isAbandoned else { continue }  // An offered page that did not come.
                metrics.missed(request.mount, Self.reason(reason, after: outcome))
                return reply(outcome, range: request.range)
            }
            if let stored = await stored(object, request) {  // It was stored in between.
                return .page(stored.bytes, checksum: stored.checksum, source: .local)
            }
            if isOutdated(standing.epoch) { continue }  // It may be another's to fetch by now.
            if store.contains(object, page: request.page) {
                unreadable += 1  // Damaged, and forgotten by now; else the disk fails.
            } else if await !fills.room(until: deadline) {
                return .failure(.overloaded)
            }
        }
        return .failure(.corrupt)  // Another owner may have it.
    }

    /// Whether a newer ring is known than the one by which a page was found to be fetched here.
    ///
    /// Asked under the fill table's lock: by the newer ring another worker may have asked for the page
    /// already, and have been told that it is not here.
    private func isOutdated(_ epoch: RingEpoch) -> Bool {
        gate.isBehind || peers.router.epoch != epoch
    }

    /// Why the page is not here, by what is remembered of it.
    private func missReason(
        _ request: PageReadRequest,
        _ object: ObjectIdentity
    ) -> PageMetrics.MissReason {
        guard peers.standing(for: request).isFirstOwner else { return .workerDown }
        switch history.finding(about: request.page, in: object) {
        case .otherVersion: return .stale
        case .refused: return .notAdmitted
        case .nothing: return store.wasEvicted(object, page: request.page) ? .evicted : .cold
        }
    }

    /// The same, once it is known where the page came from: what was never here is elsewhere, or was.
    private static func reason(
        _ reason: PageMetrics.MissReason,
        after outcome: PageFill.Outcome
    ) -> PageMetrics.MissReason {
        guard reason == .cold, case .success(let page) = outcome, page.isMoved else {
            return reason
        }
        return .ringMoved
    }

    /// Fetches what the reader will ask for next, as far as there is room.
    func readAhead(
        _ request: PageReadRequest,
        _ object: ObjectIdentity,
        _ geometry: PageGeometry
    ) {
        let ahead = UInt32(clamping: request.readAhead / PageGeometry.pageByteCount)
        guard ahead > 0, request.mode.mayFetch else { return }
        let window = geometry.window(behind: request.page, pageCount: min(ahead, Self.aheadLimit))
        // Mostly all of it is here already: found out without the lock that everybody wants.
        guard window.contains(where: { !store.contains(object, page: $0) }) else { return }
        let turn = peers.turn(for: request)
        guard turn.mayReadAhead(for: request) else { return }
        let standing = turn.standing
        let claim = fills.claim(
            window,
            of: object,
            runLength: Self.runLength,
            urgency: .ahead,
            standing: standing
        ) { isOutdated(standing.epoch) || store.contains(object, page: $0) }
        for run in claim.runs { start(run, of: object, for: request) }
    }

    private func start(
        _ run: FillTable.Run,
        of object: ObjectIdentity,
        for request: PageReadRequest
    ) {
        // A task of its own: others wait for it when its first reader has gone. Bounded by the
        // table's page limit and the origin's deadline.
        Task { await self.fill(run, of: object, for: request) }
    }

    /// Answers everybody who waits for a run: from other workers that hold pages of it, then from the
    /// origin, each gap in one request.
    func fill(
        _ run: FillTable.Run,
        of object: ObjectIdentity,
        for request: PageReadRequest
    ) async {
        let (taken, findings) = await takeOver(run, of: object, for: request)
        for fill in run.fills { fill.beginFetching() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for (number, page) in taken {
                    await self.keep(page, page: number, of: object)
                    self.fills.release(run.part(number..<number + 1), of: object)
                }
            }
            for pages in findings.missingRuns {
                group.addTask {
                    await self.fetch(run.part(pages), of: object, for: request, findings)
                }
            }
        }
    }

    private func fetch(
        _ run: FillTable.Run,
        of object: ObjectIdentity,
        for request: PageReadRequest,
        _ findings: PeerFindings
    ) async {
        let bytes: ByteBuffer
        do throws(PageFailure) {
            bytes = try await get(run, of: object, for: request)
        } catch {
            fills.release(run, of: object)  // Before they know: who asks again asks anew.
            for fill in run.fills { fill.finish(.failure(error)) }
            return
        }
        defer { fills.release(run, of: object) }
        // All readers first: none of them waits for the disk.
        let pages = pages(of: run, object, cutFrom: bytes, request.mount, findings)
        for (page, fill) in zip(pages, run.fills) { fill.finish(.success(page)) }
        for (number, page) in zip(run.pages, pages) { await keep(page, page: number, of: object) }
    }

    private func pages(
        of run: FillTable.Run,
        _ object: ObjectIdentity,
        cutFrom bytes: ByteBuffer,
        _ mount: ByteString,
        _ findings: PeerFindings
    ) -> [FilledPage] {
        var rest = bytes
        return run.pages.map { page in
            let byteCount = object.geometry?.byteCount(ofPage: page) ?? 0
            guard let slice = rest.readSlice(length: byteCount) else {
                preconditionFailure("an origin answered fewer bytes than asked for, without error")
            }
            let cause = findings.cause(of: page)
            metrics.readFromOrigin(mount, cause, byteCount: byteCount)
            return FilledPage(bytes: slice, checksum: slice.crc32c, isMoved: cause != .read)
        }
    }

    private func get(
        _ run: FillTable.Run,
        of object: ObjectIdentity,
        for request: PageReadRequest
    ) async throws(PageFailure) -> ByteBuffer {
        guard let mount = origins.mount(at: request.mount), mount.origin == request.origin,
            let geometry = object.geometry, let last = run.pages.last
        else { throw .unknownMount }

        let start = geometry.range(ofPage: run.pages.lowerBound).lowerBound
        let end = geometry.range(ofPage: last).upperBound
        do throws(OriginError) {
            let origin = try origins.origin(for: mount.request, mount: request.mount)
            return try await origin.read(OriginObject(request), range: start..<end)
        } catch {
            log.warning(
                "a fill failed",
                metadata: [
                    "mount.path": "\(request.mount)", "origin.key": "\(request.key)",
                    "page.index": "\(run.pages.lowerBound)", "error": "\(error)",
                ]
            )
            throw PageFailure(error)
        }
    }

    private func keep(_ filled: FilledPage, page: UInt32, of object: ObjectIdentity) async {
        do {
            try await blocking.runIfActive { [store] in
                try store.write(object, page: page, bytes: filled.bytes, checksum: filled.checksum)
            }
            history.note(.kept, of: page, in: object)
            copies.stored(page, of: object)
            if filled.source == .peer {
                metrics.handedOver(.in, byteCount: filled.bytes.readableBytes)
            }
        } catch {
            history.note(.refused, of: page, in: object)
            log.warning("a page is not cached", metadata: ["error": "\(error)"])
        }
    }

    /// `source` where it is not the page's own.
    func reply(
        _ outcome: PageFill.Outcome,
        range: Range<UInt32>,
        source: PageSource? = nil
    ) -> PageReply {
        switch outcome {
        case .failure(let failure):
            return .failure(failure)
        case .success(let page):
            let isWhole = range.lowerBound == 0 && Int(range.upperBound) == page.bytes.readableBytes
            guard
                let slice = page.bytes.getSlice(
                    at: page.bytes.readerIndex + Int(range.lowerBound),
                    length: range.count
                )
            else {
                return .failure(.rangeNotSatisfiable(byteCount: UInt64(page.bytes.readableBytes)))
            }
            let checksum = isWhole ? page.checksum : slice.crc32c
            return .page(slice, checksum: checksum, source: source ?? page.source)
        }
    }
}

extension FillTable.Run {
    /// The fills of some of the run's pages.
    func part(_ part: Range<UInt32>) -> Self {
        let first = Int(part.lowerBound - pages.lowerBound)
        return Self(
            pages: part,
            fills: Array(fills[first..<first + part.count]),
            standing: standing
        )
    }
}
