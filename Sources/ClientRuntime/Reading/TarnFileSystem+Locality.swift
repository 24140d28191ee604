// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import ElasticCore
import PageTransport
import PlacementCore
package import Primitives

/// Says which workers hold most of what lies below a path: where a job on it runs best.
package protocol LocalityRanking: Sendable {
    /// Workers of the region by how many bytes of a file, or of a directory's files, they have stored.
    ///
    /// Of a directory the files directly in it count, up to a limit; nothing is fetched from the origin
    /// but the listing.
    func locality(of path: ByteString) async throws(FileError) -> PathLocality
}

/// The answer of `/v1/locality`.
package struct PathLocality: Sendable, Hashable {
    /// What one worker holds.
    package struct Share: Sendable, Hashable {
        package let worker: String
        /// Of the files looked at.
        package let byteCount: UInt64

        package init(worker: String, byteCount: UInt64) {
            self.worker = worker
            self.byteCount = byteCount
        }
    }

    package let path: ByteString
    /// Files looked at, and their sizes together.
    package let fileCount: Int
    package let byteCount: UInt64
    /// Whether there are more files than were looked at.
    package let isSample: Bool
    /// Most bytes first, then by name; workers that hold nothing, or do not answer, are left out.
    package let workers: [Share]

    package init(
        path: ByteString,
        fileCount: Int,
        byteCount: UInt64,
        isSample: Bool,
        workers: [Share]
    ) {
        self.path = path
        self.fileCount = fileCount
        self.byteCount = byteCount
        self.isSample = isSample
        self.workers = workers
    }
}

extension TarnFileSystem: LocalityRanking {
    /// Files of a directory that are looked at.
    private static let localityFileLimit = 1_000
    /// Workers that are asked.
    private static let localityWorkerLimit = 64
    /// Bytes of names in one request: it has to fit a frame.
    private static let holdingsByteLimit = 48 << 10

    package func locality(of path: ByteString) async throws(FileError) -> PathLocality {
        let (objects, isSample) = try await objects(at: path)
        let requests = Self.holdingsRequests(objects)
        let view = router.view
        let asked = view.everybody.prefix(Self.localityWorkerLimit)
            .filter { !suspects.isSuspect($0.node) }
        let shares = await withTaskGroup(of: PathLocality.Share.self) { group in
            for worker in asked {
                group.addTask { await self.share(of: worker, requests) }
            }
            return await group.reduce(into: [PathLocality.Share]()) { $0.append($1) }
        }
        return PathLocality(
            path: path,
            fileCount: objects.count,
            byteCount: objects.reduce(0) { $0.addingSaturated($1.byteCount) },
            isSample: isSample || view.everybody.count > Self.localityWorkerLimit,
            workers: shares.filter { $0.byteCount > 0 }.sorted { left, right in
                left.byteCount == right.byteCount
                    ? ByteString(left.worker) < ByteString(right.worker)
                    : left.byteCount > right.byteCount
            }
        )
    }

    private func share(
        of worker: WorkerTarget,
        _ requests: [PageRequest]
    ) async -> PathLocality.Share {
        var sum: UInt64 = 0
        for request in requests {
            guard case .holdings(let count) = await ask(request, of: worker) else { break }
            sum = sum.addingSaturated(count)
        }
        return PathLocality.Share(worker: worker.name, byteCount: sum)
    }

    /// The file at a path, or the first files of the directory there.
    private func objects(
        at path: ByteString
    ) async throws(FileError) -> (objects: [PageObject], isSample: Bool) {
        let attributes = try await attributes(of: path, view: .posix)
        if attributes.kind == .file {
            return (try object(at: path, attributes).map { [$0] } ?? [], false)
        }
        let page = try await list(path, after: nil, limit: Self.localityFileLimit)
        var objects: [PageObject] = []
        for entry in page.entries where entry.attributes.kind == .file {
            let file = (path == "/" ? path : path + "/") + entry.name
            if let object = try object(at: file, entry.attributes) { objects.append(object) }
        }
        return (objects, page.hasMore)
    }

    /// `nil` where nothing of it can be stored: it is empty, or lies in no mount.
    private func object(
        at path: ByteString,
        _ attributes: FileAttributes
    ) throws(FileError) -> PageObject? {
        guard attributes.size > 0, let resolution = try resolve(path) else { return nil }
        return PageObject(
            origin: resolution.originID,
            key: resolution.key,
            version: attributes.version,
            byteCount: attributes.size
        )
    }

    private static func holdingsRequests(_ objects: [PageObject]) -> [PageRequest] {
        var parts: [[PageObject]] = []
        var byteCount = 0
        for object in objects {
            let isFull =
                (parts.last?.count ?? .max) >= PageProtocol.maximumHoldingsCount
                || byteCount + object.encodedByteCount > holdingsByteLimit
            if isFull {
                parts.append([])
                byteCount = 0
            }
            parts[parts.count - 1].append(object)
            byteCount += object.encodedByteCount
        }
        return parts.map(PageRequest.holdings)
    }
}
