// SPDX-License-Identifier: Apache-2.0
package import Codecs
package import ElasticCore
package import PageTransport
import Primitives
import Synchronization

/// Asks workers over the page protocol: through the unix socket of a worker on this host, else TCP.
package final class RemoteAsking: WorkerAsking {
    /// A call ends at the latest after this; a dead or silent worker is noticed long before.
    private static let timeout = Duration.seconds(60)
    /// A listing takes as long as the origin has names, and its worker says every 500 ms that it is
    /// at work: this only bounds one that would never end.
    private static let listTimeout = Duration.seconds(3_600)

    /// 16 MiB reach the other worker's disk within this, or are offered again.
    private static let offerTimeout = Duration.seconds(120)

    /// How long a path that was no socket of this host is taken for none: its worker may come back.
    private static let absence = Duration.seconds(10)
    /// Paths remembered; one more and all are asked again.
    private static let pathLimit = 10_000

    private enum Finding {
        case here
        case absent(until: ContinuousClock.Instant)
    }

    private let client: PageClient
    private let sockets = Mutex<[String: Finding]>([:])
    private let isReachable: @Sendable (String) -> Bool

    /// - Parameters:
    ///   - client: Of this cluster; not closed here.
    ///   - isReachable: Whether there is a unix socket at a path on this host; quick.
    package init(client: PageClient, isReachable: @escaping @Sendable (String) -> Bool) {
        self.client = client
        self.isReachable = isReachable
    }

    package func isNear(_ worker: WorkerTarget) -> Bool {
        guard let path = worker.socket else { return false }
        return sockets.withLock { sockets in
            switch sockets[path] {
            case .here: return true
            case .absent(let until) where ContinuousClock.now < until: return false
            case .absent, nil: break
            }
            if sockets.count >= Self.pathLimit { sockets = [:] }
            let isHere = isReachable(path)
            sockets[path] = isHere ? .here : .absent(until: .now + Self.absence)
            return isHere
        }
    }

    package func ask(
        _ request: PageRequest,
        of worker: WorkerTarget
    ) async throws(PageClientError) -> PageReply {
        do throws(PageClientError) {
            return try await ask(request, at: try address(of: worker))
        } catch .unreachable(let why) {
            // The socket's file may be an old one: next time, and now, over TCP.
            guard let path = worker.socket, isNear(worker),
                let address = PageAddress(worker.data)
            else { throw .unreachable(why) }
            sockets.withLock { $0[path] = .absent(until: .now + Self.absence) }
            return try await ask(request, at: address)
        }
    }

    private func address(of worker: WorkerTarget) throws(PageClientError) -> PageAddress {
        if isNear(worker), let path = worker.socket { return .unix(path: path) }
        guard let address = PageAddress(worker.data) else {
            throw .unreachable("'\(worker.data)' is no address")
        }
        return address
    }

    private func ask(
        _ request: PageRequest,
        at address: PageAddress
    ) async throws(PageClientError) -> PageReply {
        switch request {
        case .read(let read):
            switch try await client.read(read, at: address, timeout: Self.timeout) {
            case .page(let bytes, let checksum, let source, let copies):
                return .page(bytes, checksum: checksum, source: source, copies: copies)
            case .miss, .filling: return .miss
            case .evicted: return .evicted
            }
        case .attributes(let path, let view, let gone):
            let answer = try await client.attributes(
                of: path,
                view: view,
                gone: gone,
                at: address,
                timeout: Self.timeout
            )
            return .attributes(answer)
        case .list(let path, let after, let limit):
            let answer = try await client.list(
                path,
                after: after,
                limit: limit,
                at: address,
                timeout: Self.listTimeout
            )
            return .directory(answer)
        case .capacity:
            let (total, used) = try await client.capacity(at: address, timeout: .seconds(2))
            return .capacity(total: total, used: used)
        case .report(let report):
            try await client.report(report, at: address, timeout: .seconds(2))
            return .pong
        case .offer(let offer):
            let verdicts = try await client.offer(offer, at: address, timeout: Self.offerTimeout)
            return .offered(verdicts)
        case .holdings(let objects):
            let count = try await client.holdings(of: objects, at: address, timeout: .seconds(5))
            return .holdings(byteCount: count)
        case .ping:
            try await client.ping(at: address, timeout: .seconds(2))
            return .pong
        }
    }
}
