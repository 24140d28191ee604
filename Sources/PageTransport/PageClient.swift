// SPDX-License-Identifier: Apache-2.0
package import Codecs
package import NIOCore
package import Primitives

/// Asks workers for pages, attributes and listings.
///
/// Every call ends: with the answer, after `timeout`, when the task is cancelled, with
/// ``PageClientError/silent`` when nothing was heard of it for 2 s, or with the connection.
/// It decides nothing: which worker to ask, and whether to ask another, is the caller's business.
package final class PageClient: Sendable {
    private let pool: PageConnectionPool

    /// - Parameters:
    ///   - group: Whose event loops carry the connections.
    ///   - cluster: Workers of another cluster refuse the hello.
    ///   - name: Who is asking, for the workers' logs.
    ///   - limits: Bounds; the standard ones are those of Docs/page-protocol.md.
    package init(
        group: any EventLoopGroup,
        cluster: ClusterID,
        name: String,
        limits: PageClientLimits = .standard
    ) {
        pool = PageConnectionPool(
            group: group,
            hello: PageClientHello(cluster: cluster, name: name),
            limits: limits
        )
    }

    /// Reads a range of a page.
    ///
    /// - Returns: The bytes asked for, compared with the checksum that came with them.
    package func read(
        _ request: PageReadRequest,
        at address: PageAddress,
        timeout: Duration,
        whileFilling: FillingPolicy = .wait
    ) async throws(PageClientError) -> PageReadAnswer {
        let call = PageCall(.read(request), whileFilling: whileFilling)
        return switch try await perform(call, at: address, timeout: timeout) {
        case .reply(.page(let bytes, let checksum, let source, let copies)):
            .page(bytes, checksum: checksum, source: source, copies: copies)
        case .reply(.miss): .miss
        case .reply(.evicted): .evicted
        case .filling: .filling
        default: throw Self.mismatch
        }
    }

    /// Attributes of what a cluster path names; not those of the version `gone`, unless the origin has
    /// just said so.
    package func attributes(
        of path: ByteString,
        view: PagePathView,
        gone: ByteString? = nil,
        at address: PageAddress,
        timeout: Duration
    ) async throws(PageClientError) -> PageAttributes {
        let call = PageCall(.attributes(path: path, view: view, gone: gone))
        guard
            case .reply(.attributes(let attributes)) =
                try await perform(call, at: address, timeout: timeout)
        else { throw Self.mismatch }
        return attributes
    }

    /// Entries of a directory behind `after`, all of them for `nil`.
    ///
    /// `limit` is 1…10,000; fewer may come, then `hasMore` says so.
    package func list(
        _ path: ByteString,
        after: ByteString?,
        limit: UInt32,
        at address: PageAddress,
        timeout: Duration
    ) async throws(PageClientError) -> PageDirectory {
        let call = PageCall(.list(path: path, after: after, limit: limit))
        guard
            case .reply(.directory(let directory)) =
                try await perform(call, at: address, timeout: timeout)
        else { throw Self.mismatch }
        return directory
    }

    /// Capacity and use of the region's workers, in bytes.
    package func capacity(
        at address: PageAddress,
        timeout: Duration
    ) async throws(PageClientError) -> (total: UInt64, used: UInt64) {
        let call = PageCall(.capacity)
        guard
            case .reply(.capacity(let total, let used)) =
                try await perform(call, at: address, timeout: timeout)
        else { throw Self.mismatch }
        return (total, used)
    }

    /// Tells a worker what was read past it; returns when the report went out.
    package func report(
        _ report: PageReadReport,
        at address: PageAddress,
        timeout: Duration
    ) async throws(PageClientError) {
        _ = try await perform(PageCall(.report(report)), at: address, timeout: timeout)
    }

    /// Asks whether a worker answers.
    package func ping(
        at address: PageAddress,
        timeout: Duration
    ) async throws(PageClientError) {
        guard
            case .reply(.pong) =
                try await perform(PageCall(.ping), at: address, timeout: timeout)
        else { throw Self.mismatch }
    }

    /// Offers pages, and waits until the worker has taken what it wants; one verdict for each.
    package func offer(
        _ offer: PageOffer,
        at address: PageAddress,
        timeout: Duration
    ) async throws(PageClientError) -> [PageOfferVerdict] {
        guard
            case .reply(.offered(let verdicts)) =
                try await perform(PageCall(.offer(offer)), at: address, timeout: timeout)
        else { throw Self.mismatch }
        return verdicts
    }

    /// How many bytes of these objects a worker has stored; 1 to 512 objects.
    package func holdings(
        of objects: [PageObject],
        at address: PageAddress,
        timeout: Duration
    ) async throws(PageClientError) -> UInt64 {
        guard
            case .reply(.holdings(let byteCount)) =
                try await perform(PageCall(.holdings(objects)), at: address, timeout: timeout)
        else { throw Self.mismatch }
        return byteCount
    }

    /// Ends every connection and every call.
    package func close() async { await pool.close() }

    // MARK: - Private parts

    /// Replies are compared with their requests where they arrive; this is never thrown.
    private static let mismatch = PageClientError.protocolViolation("the answer is of another kind")

    private func perform(
        _ call: PageCall,
        at address: PageAddress,
        timeout: Duration
    ) async throws(PageClientError) -> PageCall.Answer {
        guard let connection = pool.connection(to: address) else { throw .closed }
        defer { connection.finish() }
        let eventLoop = connection.opening.eventLoop
        let deadline = eventLoop.scheduleTask(in: TimeAmount(timeout)) {
            call.finish(.failure(.timedOut))
        }
        connection.opening.whenComplete { result in
            switch result {
            case .success(let open): open.handler.value.submit(call)
            case .failure(let error):
                call.finish(.failure(error as? PageClientError ?? .unreachable("\(error)")))
            }
        }
        let outcome = await withTaskCancellationHandler {
            await call.outcome()
        } onCancel: {
            call.finish(.failure(.cancelled))
        }
        deadline.cancel()
        switch outcome {
        case .failure(.timedOut), .failure(.cancelled):
            connection.opening.whenSuccess { $0.handler.value.forgetFinished() }
        default: break
        }
        return try outcome.get()
    }
}
