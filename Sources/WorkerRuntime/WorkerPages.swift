// SPDX-License-Identifier: Apache-2.0
package import ClientRuntime
package import Codecs
package import PageTransport
import Primitives

/// Answers this worker's clients and the other workers: the handler of the page server.
package struct WorkerPages: Sendable {
    private let pages: PageService
    private let metadata: MetadataService
    private let recorder: any ReadRecorder
    private let capacity: @Sendable () -> (total: UInt64, used: UInt64)

    package init(
        pages: PageService,
        metadata: MetadataService,
        recorder: any ReadRecorder,
        capacity: @escaping @Sendable () -> (total: UInt64, used: UInt64)
    ) {
        self.pages = pages
        self.metadata = metadata
        self.recorder = recorder
        self.capacity = capacity
    }

    /// Answers one request; used by this process directly and by ``handle(_:from:reply:)``.
    package func answer(_ request: PageRequest) async -> PageReply {
        switch request {
        case .read(let read):
            return await pages.read(read)
        // A mount that this worker has not heard of yet is not one that does not exist.
        case .attributes(let path, _, _) where !metadata.knows(path),
            .list(let path, _, _) where !metadata.knows(path):
            return .failure(.unknownMount)
        case .attributes(let path, let view, let gone):
            return await reply { () async throws(FileError) in
                .attributes(
                    try await metadata.attributes(of: path, view: PathView(view), gone: gone)
                )
            }
        case .list(let path, let after, let limit):
            let limit = Int(min(max(limit, 1), 10_000))
            return await reply { () async throws(FileError) in
                .directory(try await metadata.list(path, after: after, limit: limit))
            }
        case .capacity:
            let (total, used) = capacity()
            return .capacity(total: total, used: used)
        case .report(let report):
            record(report)
            return .pong
        case .ping:
            return .pong
        case .offer(let offer):
            return await pages.take(offer)
        case .holdings(let objects):
            return .holdings(byteCount: pages.holdings(of: objects))
        }
    }

    private func reply(
        _ body: () async throws(FileError) -> PageReply
    ) async -> PageReply {
        do throws(FileError) {
            return try await body()
        } catch {
            return .failure(PageFailure(error))
        }
    }

    /// A client outside of any worker says what it returned to its users.
    private func record(_ report: PageReadReport) {
        let client: ClientKind =
            switch report.client {
            case .http: .http
            case .s3: .s3
            case .fuse: .fuse
            case .fs: .fs
            }
        recorder.returned(
            Int(clamping: report.byteCount),
            mount: report.mount,
            client: client,
            source: report.source
        )
    }
}

extension WorkerPages: PageRequestHandler {
    package func handle(
        _ request: PageRequest,
        from client: PageClientDescription,
        reply: PageReplyWriter
    ) {
        if case .ping = request { return reply.complete(.pong) }
        if case .read(let read) = request,
            pages.answerIfStored(
                read,
                { stored in
                    guard let stored else { return self.work(on: request, reply) }
                    reply.complete(stored)
                }
            )
        {
            return
        }
        work(on: request, reply)
    }

    /// Keeps the reader informed while the answer takes its time.
    private func work(on request: PageRequest, _ reply: PageReplyWriter) {
        reply.filling()
        // One task a request that has to wait for an origin: the server bounds how many are in
        // flight on a connection and how many connections there are.
        Task { reply.complete(await self.answer(request)) }
    }
}
