// SPDX-License-Identifier: Apache-2.0
import CatalogCore
package import Codecs
import ElasticCore
import Logging
import NIOCore
import Origins
package import PageTransport
import PlacementCore
import Primitives

/// One page from whoever has it: one of its copies, owners in order, then who owned it before, then the
/// origin itself.
extension TarnFileSystem {
    func readPage(
        _ read: PageRead,
        for client: ClientKind
    ) async throws(FileError) -> ByteBuffer {
        let replicas = Int(read.resolution.mount.mount.replicas)
        let hash = read.placement.hash
        let route = router.route(ofHash: hash, replicas: replicas)
        var plan = ReadPlan(
            route,
            owners: suspects.ordered(route.owners),
            preferred: copies.preferred(route, hash: hash, asking, suspects)
        )
        while true {
            switch plan.next(isSuspect: suspects.isSuspect) {
            case .ask(let worker, let mode):
                let request = read.request(mode, epoch: route.epoch, region: router.region)
                switch await ask(request, mode, of: worker) {
                case .page(let bytes, _, let source, let copyCount):
                    if worker == route.filler { copies.heard(Int(copyCount), of: hash) }
                    let isNear = asking.isNear(worker)
                    recorder.returned(
                        bytes.readableBytes,
                        mount: read.resolution.mount.path,
                        client: client,
                        source: source == .local && !isNear ? .peer : source
                    )
                    return bytes
                case .failure(let failure): plan.heard(failure)
                default: break
                }
            case .origin: return try await readOrigin(read, for: client, route)
            case .fail(let failure): throw FileError(failure)
            }
        }
    }

    private func ask(
        _ request: PageReadRequest,
        _ mode: PageReadRequest.Mode,
        of worker: WorkerTarget
    ) async -> PageReply? {
        mode == .read
            ? await askPatiently(.read(request), of: worker)
            : await ask(.read(request), of: worker)
    }

    /// Asks an owner that has too much to do again and again, less and less often, and says so in the
    /// end: another owner would fetch the page a second time, and the origin has enough to do.
    func askPatiently(_ request: PageRequest, of owner: WorkerTarget) async -> PageReply? {
        let deadline = ContinuousClock.now + overloadPatience
        var pause = Self.firstOverloadPause
        while true {
            let reply = await ask(request, of: owner)
            guard case .failure(.overloaded) = reply, .now + pause < deadline,
                (try? await Task.sleep(for: pause)) != nil
            else { return reply }
            pause = min(pause * 2, Self.longestOverloadPause)
        }
    }

    /// Past the owners: none of them answers.
    private func readOrigin(
        _ read: PageRead,
        for client: ClientKind,
        _ route: PageRoute
    ) async throws(FileError) -> ByteBuffer {
        // A reader that was cancelled was told nothing by the owners either.
        guard !Task.isCancelled else { throw .timedOut }
        if let left = pastOwnersLog.take() {
            log.warning(
                "no owner answers; reading from the origin",
                metadata: [
                    "file.path": "\(read.file.path)", "page.index": "\(read.page)",
                    "owners": "\(route.owners.map(\.name).joined(separator: ","))",
                    "left-out": "\(left)",
                ]
            )
        }
        let bytes: ByteBuffer
        do throws(OriginError) {
            let object = OriginObject(
                key: read.resolution.key,
                size: read.file.size,
                modifiedUnixNS: read.file.modifiedUnixNS,
                version: read.file.version
            )
            let origin = try origins.origin(of: read.resolution)
            bytes = try await origin.read(object, range: read.fileRange)
        } catch .notFound {
            throw .stale  // Whether anything else has the name is another question.
        } catch {
            throw FileError(error)
        }
        let isLost =
            route.hasRemovedHolder || route.holders.contains { suspects.isSuspect($0.node) }
        origins.wentPastOwners(
            read.resolution.mount.path,
            byteCount: bytes.readableBytes,
            isLost: isLost
        )
        recorder.returned(
            bytes.readableBytes,
            mount: read.resolution.mount.path,
            client: client,
            source: .origin
        )
        return bytes
    }

    /// Asks one worker; a failure of the way there is remembered as suspicion.
    func ask(_ request: PageRequest, of worker: WorkerTarget) async -> PageReply? {
        do throws(PageClientError) {
            let reply = try await asking.ask(request, of: worker)
            suspects.answered(worker.node)
            return reply
        } catch .failed(let failure) {
            suspects.answered(worker.node)
            return .failure(failure)
        } catch .overloaded {
            return .failure(.overloaded)  // Said by this process's own queue for that worker.
        } catch .timedOut where request.isListing {
            return .failure(.timedOut)  // It was heard of to the end: no reason to doubt it.
        } catch {
            if error.isWorkersFault {
                suspects.failed(worker.node)
                log.info(
                    "a worker did not answer",
                    metadata: ["worker.name": "\(worker.name)", "error": "\(error)"]
                )
            }
            return nil
        }
    }

    /// Has the owner of the next unit begin before the reader gets there.
    func warmNextUnit(_ reads: [PageRead], geometry: PageGeometry) {
        guard let last = reads.last, last.readAhead > 0 else { return }
        // Once a page, not once a read: small reads come many to a page.
        guard reads.count > 1 || last.fileRange.upperBound % PageGeometry.pageByteCount == 0
        else { return }
        let unit = PageGeometry.unit(ofPage: last.page)
        let end = last.fileRange.upperBound
        let nextUnitStart = UInt64(unit + 1) * PageGeometry.unitByteCount
        guard unit + 1 < geometry.unitCount, end + last.readAhead > nextUnitStart else { return }
        let ahead = PageRead(
            resolution: last.resolution,
            file: last.file,
            page: (unit + 1) * PageGeometry.pagesPerUnit,
            range: 0..<1,
            readAhead: end + last.readAhead - nextUnitStart
        )
        let (epoch, owners) = router.owners(of: ahead.placement, replicas: 1)
        guard let owner = suspects.ordered(owners).first else { return }
        let request = ahead.request(.read, epoch: epoch, region: router.region)
        // A task of its own: the reader does not wait for it; ends by the worker's own deadlines,
        // and there is at most one for each read that the caller's own bounds let in.
        Task { _ = await self.ask(.read(request), of: owner) }
    }
}

extension PageClientError {
    /// Whether another worker should be preferred for a while.
    package var isWorkersFault: Bool {
        switch self {
        case .unreachable, .refused, .silent, .disconnected, .corrupt, .protocolViolation,
            .timedOut:
            true
        case .cancelled, .overloaded, .failed, .closed: false
        }
    }
}

extension PageRequest {
    fileprivate var isListing: Bool {
        if case .list = self { true } else { false }
    }
}

extension FileError {
    /// What a reader is told when a worker says no: the one translation.
    init(_ failure: PageFailure) {
        self =
            switch failure {
            case .notFound: .notFound
            case .notADirectory: .notADirectory
            case .isADirectory: .isADirectory
            case .accessDenied(let code): .accessDenied(code: code)
            case .stale, .originChanged: .stale
            case .invalidPath(let why): .invalidPath(why)
            case .rangeNotSatisfiable(let size): .rangeNotSatisfiable(size: size)
            case .timedOut: .timedOut
            case .originFailed(let why): .originFailed(why)
            case .staleCatalog(let age): .staleCatalog(ageMS: age)
            case .overloaded: .overloaded
            case .misconfigured(let why): .misconfigured(why)
            case .unknownCredential(let name): .unknownCredential(name)
            case .corrupt: .corrupt
            case .originThrottled(let status):
                .originFailed("the origin asks for less (\(status))")
            case .originStatus(let status, let code):
                .originFailed("the origin answered \(status) \(code)")
            case .originTimedOut(let afterMS): .originTimedOut(afterMS: afterMS)
            case .originUnreachable(let why): .originFailed("the origin cannot be reached: \(why)")
            case .originBrokenBody(let why): .originFailed("the origin's answer is broken: \(why)")
            case .originIO(let errno): .originFailed("the origin's file system: errno \(errno)")
            case .unknownMount: .originFailed("the worker does not know the mount yet")
            case .stopping, .abandoned: .timedOut
            }
    }
}

extension PageFailure {
    /// What another worker or client is told of a file operation's error: the one translation.
    package init(_ error: FileError) {
        self =
            switch error {
            case .notFound: .notFound
            case .notADirectory: .notADirectory
            case .isADirectory: .isADirectory
            case .accessDenied(let code): .accessDenied(code: code)
            case .stale: .stale
            case .invalidPath(let why): .invalidPath(why)
            case .rangeNotSatisfiable(let size): .rangeNotSatisfiable(byteCount: size)
            case .timedOut: .timedOut
            case .originFailed(let why): .originFailed(why)
            case .originTimedOut(let afterMS): .originTimedOut(afterMS: afterMS)
            case .staleCatalog(let age): .staleCatalog(ageMS: age)
            case .overloaded: .overloaded
            case .misconfigured(let why): .misconfigured(why)
            case .unknownCredential(let name): .unknownCredential(name)
            case .corrupt: .corrupt
            }
    }
}
