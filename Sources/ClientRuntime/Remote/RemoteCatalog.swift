// SPDX-License-Identifier: Apache-2.0
package import AsyncHTTPClient
package import CatalogCore
package import Logging
import NIOCore
import NIOHTTP1
package import Primitives
import Synchronization

/// A replica of the catalog in a process that is no worker, by watching any worker over HTTP.
///
/// ```
///   worker ── state, changes, progress ─▶ CatalogMirror ─▶ catalog: what routing asks
///     │ silent 7 s, broken, refusing                       (the last one serves meanwhile)
///     └─▶ the next worker, from the revision behind ours; the state only after 410
/// ```
///
/// Never gives up: whoever is behind its back can always read by what it knew last.
package final class RemoteCatalog: Sendable {
    fileprivate struct State {
        var mirror = CatalogMirror()
        var age = ReplicaAge()
        var addresses: WorkerAddressList
        /// What resuming will not mend.
        var needsState = false
        /// The last failure at each address, until a first state is there.
        var failures: [String: String] = [:]
        var notInitialised: String?
        var servedBy: String?
        var heardAtMS: UInt64 = 0
        /// Lines taken from whomever: that they grow says that following works.
        var lineCount: UInt64 = 0
    }

    private let state: Mutex<State>
    private let http: HTTPClient
    private let silenceLimit: Duration
    private let region: String?
    private let now: @Sendable () -> UInt64
    private let log: Logger
    private let loaded = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    /// Makes a replica that is empty until ``run()`` runs.
    ///
    /// - Parameters:
    ///   - addresses: `host:port` of workers' HTTP API, at least one; those learned come on top.
    ///   - region: Whose workers to prefer; `nil`: no preference.
    ///   - http: Not shut down here.
    ///   - silence: A worker of which nothing is heard for so long is left for the next.
    ///   - now: Milliseconds of a clock that never goes back.
    ///   - log: One line for each watch that ends.
    package init(
        addresses: [String],
        region: String?,
        http: HTTPClient,
        silence: Duration = WatchCall.silenceLimit,
        now: @escaping @Sendable () -> UInt64,
        log: Logger
    ) {
        state = Mutex(State(addresses: WorkerAddressList(addresses)))
        self.http = http
        silenceLimit = silence
        self.region = region
        self.now = now
        self.log = log
    }

    /// As of the newest whole revision; empty until a first state was loaded.
    package var catalog: Catalog { state.withLock { $0.mirror.catalog ?? Catalog() } }

    /// Upper bound on how long ago ``catalog`` was known to be complete; `nil`: nobody ever said.
    ///
    /// Kept fresh, by asking once a second, only while a mount of the table cares (`on-stale: fail`).
    package var staleness: Timespan? { state.withLock { $0.age.age(atMS: now()) } }

    /// `host:port` of the worker that gave what ``catalog`` is made of.
    package var servedBy: String? { state.withLock { $0.servedBy } }

    /// Waits for the first whole state.
    ///
    /// ``run()`` must be running; called once.
    package func waitUntilLoaded(within limit: Duration) async throws(RemoteClientError) {
        let isLoaded = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in self.loaded.stream { return true }
                return false
            }
            group.addTask {
                try? await Task.sleep(for: limit)
                return false
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first
        }
        guard !isLoaded else { return }
        throw state.withLock { state in
            if let address = state.notInitialised { return .notInitialised(address: address) }
            let attempts = state.failures.sorted { $0.key < $1.key }
                .map { RemoteClientError.Attempt(address: $0.key, why: $0.value) }
            return .nobodyAnswers(attempts)
        }
    }

    /// Follows one worker after the other until the task is cancelled.
    package func run() async {
        var retry = Retry()
        var generator = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            let before = state.withLock(\.lineCount)
            let (end, address) = await follow()
            guard !Task.isCancelled else { return }
            note(end, at: address)
            if state.withLock(\.lineCount) > before { retry.reset() }
            try? await Task.sleep(for: retry.pause(using: &generator))
        }
    }

    // MARK: - One worker

    private func follow() async -> (WatchCall.End, address: String) {
        let call = state.withLock { state in
            let start = state.needsState ? .state : state.mirror.resumption
            state.mirror.begin(start)
            state.heardAtMS = now()
            return WatchCall(
                http: http,
                address: state.addresses.current,
                start: start,
                minimum: state.mirror.catalog?.revision ?? .zero
            )
        }
        let end = await withTaskGroup(of: WatchCall.End?.self) { group in
            group.addTask {
                let askedAt = self.now()
                return await call.run(
                    head: { (head) throws(WatchCall.End) in
                        try self.take(head, from: call.address, askedAtMS: askedAt)
                    },
                    take: { (line) throws(WatchCall.End) in
                        try self.take(line, from: call.address)
                    },
                    heard: { self.state.withLock { $0.heardAtMS = self.now() } }
                )
            }
            group.addTask { await self.silence() }
            group.addTask { await self.keepAgeFresh(at: call.address) }
            var end: WatchCall.End?
            while end == nil, let next = await group.next() { end = next }
            group.cancelAll()
            return end ?? .lost("cancelled")
        }
        return (end, call.address)
    }

    private func take(
        _ head: WatchCall.Head,
        from address: String,
        askedAtMS: UInt64
    ) throws(WatchCall.End) {
        let stranger: String? = state.withLock { state in
            if let ours = state.mirror.catalog?.cluster?.id, let theirs = head.cluster,
                theirs != "\(ours)"
            {
                return theirs
            }
            state.note(head, askedAtMS: askedAtMS)
            return nil
        }
        if let stranger { throw .otherCluster(stranger) }
    }

    private func take(_ line: WatchedLine, from address: String) throws(WatchCall.End) {
        let result = state.withLock { state -> Result<Bool, CatalogMirror.Disorder> in
            do throws(CatalogMirror.Disorder) {
                let isFirst = state.mirror.catalog == nil
                let isComplete = try state.mirror.take(line)
                state.lineCount += 1
                guard isComplete, let catalog = state.mirror.catalog else { return .success(false) }
                state.age.reached(catalog.revision)
                state.needsState = false
                state.servedBy = address
                return .success(isFirst)
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .failure(let disorder): throw .garbage("\(disorder)")
        case .success(let isFirst): if isFirst { loaded.continuation.yield() }
        }
    }

    /// Returns when nothing was heard for too long.
    private func silence() async -> WatchCall.End? {
        let limit = UInt64(silenceLimit / .milliseconds(1))
        while !Task.isCancelled {
            let quiet = now() &- state.withLock { $0.heardAtMS }
            guard quiet < limit else { return .silent }
            try? await Task.sleep(for: .milliseconds(Int64(limit - quiet)))
        }
        return nil
    }

    // MARK: - Between workers

    /// Draws the consequences of a watch's end.
    private func note(_ end: WatchCall.End, at address: String) {
        state.withLock { state in
            if state.mirror.catalog == nil, state.failures.count < WorkerAddressList.limit {
                state.failures[address] = "\(end)"
                state.notInitialised = end == .notInitialised ? address : nil
            }
            switch end {
            case .compacted:
                state.needsState = true
                return  // The same worker again.
            case .garbage: state.needsState = true
            case .lost, .silent, .closed, .notInitialised, .refused, .otherCluster: break
            }
            if let catalog = state.mirror.catalog {
                state.addresses.learn(from: catalog, region: region)
            }
            state.addresses.advance()
        }
        let facts: Logger.Metadata = ["worker.http": "\(address)", "reason": "\(end)"]
        switch end {
        case .lost, .silent, .closed, .compacted:
            log.info("a watch of the catalog ended", metadata: facts)
        case .notInitialised, .refused, .garbage, .otherCluster:
            log.warning("a watch of the catalog is refused", metadata: facts)
        }
    }

    // MARK: - Age

    /// Asks the watched worker once a second how old its own replica is, while a mount cares.
    private func keepAgeFresh(at address: String) async -> WatchCall.End? {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            guard !Task.isCancelled, isAgeWanted else { continue }
            let askedAt = now()
            let request = HTTPClientRequest(url: "http://\(address)/v1/cluster")
            guard let response = try? await http.execute(request, timeout: .seconds(2)),
                (try? await response.body.collect(upTo: 1 << 20)) != nil, response.status == .ok
            else { continue }
            state.withLock { state in
                state.note(WatchCall.Head(response), askedAtMS: askedAt)
                if let catalog = state.mirror.catalog { state.age.reached(catalog.revision) }
            }
        }
        return nil
    }

    private var isAgeWanted: Bool {
        catalog.mounts().contains { $0.mount.onStale != .serve }
    }
}

extension RemoteCatalog.State {
    fileprivate mutating func note(_ head: WatchCall.Head, askedAtMS: UInt64) {
        guard let revision = head.revision, let staleness = head.stalenessMS else { return }
        age.note(revision: revision, stalenessMS: staleness, askedAtMS: askedAtMS)
    }
}
