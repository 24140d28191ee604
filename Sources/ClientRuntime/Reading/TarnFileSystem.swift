// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import ElasticCore
package import Logging
package import NIOCore
import PageTransport
import PlacementCore
package import Primitives

/// The one way to the cluster's files, under FUSE, HTTP and the CLI.
///
/// ```
///   path ─▶ mount table ─▶ ring ─▶ owner ─▶ next owner ─▶ … ─▶ origin
///              (replica)            │  silent, gone, broken: on to the next
///                                   └─ says no for good: the reader's error
/// ```
///
/// It survives the death of any worker it talks to, and of all of them as long as the origin answers;
/// going past the owners is never silent.
package final class TarnFileSystem: Sendable {
    let router: Router
    let asking: any WorkerAsking
    let suspects: SuspectList
    let origins: OriginTable
    let direct: MetadataService
    let recorder: any ReadRecorder
    let log: Logger
    let overloadPatience: Duration
    /// How old the replica is; `nil` = unknown.
    private let staleness: @Sendable () -> Timespan?

    let pastOwnersLog = LogBudget()
    let copies = CopyChoice()

    /// Pages of one read asked for at the same time.
    static let parallelPages = 8
    /// Before an owner with too much to do is asked again: doubled each time, up to the longest.
    static let firstOverloadPause = Duration.milliseconds(20)
    static let longestOverloadPause = Duration.seconds(1)
    /// Workers whose use is asked for; of more, the catalog's capacity counts.
    private static let capacityAsked = 64

    /// Asks nobody yet.
    ///
    /// - Parameters:
    ///   - router: Who owns what in the reader's region.
    ///   - asking: The way to workers.
    ///   - suspects: Shared by everybody who asks the same workers.
    ///   - origins: Where to read when no owner answers.
    ///   - direct: Where to ask for attributes when no owner answers.
    ///   - recorder: Told about every byte returned.
    ///   - staleness: How long ago the catalog was known to be complete; `nil`: nobody knows.
    ///   - overloadPatience: How long an owner with too much to do is asked again.
    ///   - log: Workers that do not answer, and reads past them.
    package init(
        router: Router,
        asking: any WorkerAsking,
        suspects: SuspectList,
        origins: OriginTable,
        direct: MetadataService,
        recorder: any ReadRecorder,
        staleness: @escaping @Sendable () -> Timespan?,
        overloadPatience: Duration = .seconds(30),
        log: Logger
    ) {
        self.router = router
        self.asking = asking
        self.suspects = suspects
        self.origins = origins
        self.direct = direct
        self.recorder = recorder
        self.staleness = staleness
        self.overloadPatience = overloadPatience
        self.log = log
    }

    /// What a path means, unless the mount would rather fail than be stale.
    func resolve(_ path: ByteString) throws(FileError) -> Resolution? {
        guard let resolution = router.catalog.resolve(path, region: router.region) else {
            return nil
        }
        if case .fail(let limit) = resolution.mount.mount.onStale {
            let age = staleness()
            guard let age, age <= limit else {
                throw .staleCatalog(ageMS: age?.milliseconds ?? .max)
            }
        }
        return resolution
    }
}

// MARK: - Reading

extension TarnFileSystem: FileSystemClient {
    package func read(
        _ file: FileReference,
        range: Range<UInt64>,
        context: ReadContext
    ) async throws(FileError) -> ByteBuffer {
        guard range.upperBound <= file.size, let geometry = PageGeometry(byteCount: file.size)
        else {
            throw .rangeNotSatisfiable(size: file.size)
        }
        guard !range.isEmpty else { return ByteBuffer() }
        guard let resolution = try resolve(file.path) else { throw .notFound }

        let reads = PageRead.pages(
            of: file,
            range: range,
            geometry: geometry,
            resolution: resolution,
            readAhead: context.readAhead
        )
        warmNextUnit(reads, geometry: geometry)
        do throws(FileError) {
            guard reads.count > 1 else { return try await readPage(reads[0], for: context.client) }
            return try await readPages(reads, byteCount: range.count, for: context.client)
        } catch .stale {
            await forgetVersion(of: file)  // Before the reader knows: it may open anew at once.
            throw .stale
        }
    }

    /// Several pages at a time, put together in order.
    private func readPages(
        _ reads: [PageRead],
        byteCount: Int,
        for client: ClientKind
    ) async throws(FileError) -> ByteBuffer {
        typealias Part = (index: Int, result: Result<ByteBuffer, FileError>)
        let parts = await withTaskGroup(of: Part.self) { group in
            var parts: [Result<ByteBuffer, FileError>?] = Array(repeating: nil, count: reads.count)
            var next = 0
            func add() {
                let index = next
                next += 1
                group.addTask { (index, await self.readPageResult(reads[index], for: client)) }
            }
            while next < min(reads.count, Self.parallelPages) { add() }
            for await part in group {
                parts[part.index] = part.result
                if case .failure = part.result {  // The read has failed: nobody wants the rest.
                    group.cancelAll()
                    break
                }
                if next < reads.count { add() }
            }
            return parts
        }
        var buffer = ByteBuffer()
        buffer.reserveCapacity(byteCount)
        for case .failure(let error)? in parts { throw error }
        for case .success(var bytes)? in parts { buffer.writeBuffer(&bytes) }
        precondition(buffer.readableBytes == byteCount, "a part of a read was never asked for")
        return buffer
    }

    private func readPageResult(
        _ read: PageRead,
        for client: ClientKind
    ) async -> Result<ByteBuffer, FileError> {
        do throws(FileError) {
            return .success(try await readPage(read, for: client))
        } catch {
            return .failure(error)
        }
    }

    package func capacity() async throws(FileError) -> (total: UInt64, used: UInt64) {
        let view = router.view
        let isAsked = Set(view.workers.prefix(Self.capacityAsked).map(\.node))
        let answers = await withTaskGroup(of: (NodeID, PageReply?).self) { group in
            for worker in view.workers
            where isAsked.contains(worker.node) && !suspects.isSuspect(worker.node) {
                group.addTask { (worker.node, await self.ask(.capacity, of: worker)) }
            }
            return await group.reduce(into: [NodeID: PageReply]()) { $0[$1.0] = $1.1 }
        }
        return view.members.reduce(into: (total: UInt64(0), used: UInt64(0))) { sum, member in
            var (total, used) = (member.capacity, UInt64(0))
            if case .capacity(let all, let taken)? = answers[member.id] {
                (total, used) = (all, taken)
            }
            sum.total = sum.total.addingSaturated(total)
            sum.used = sum.used.addingSaturated(used)
        }
    }
}

extension UInt64 {
    /// Other processes' numbers must not be able to end this one.
    func addingSaturated(_ other: UInt64) -> UInt64 {
        let (sum, isOverflow) = addingReportingOverflow(other)
        return isOverflow ? .max : sum
    }
}
