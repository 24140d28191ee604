// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import ClientRuntime
import Coordination
import Foundation
import HTTPAPI
import LogStorage
import Logging
import PeerTransport
import Primitives
import PageStorage
import PageTransport
import Settings
import SystemPackage
import WorkerRuntime

/// A worker's life behind its start.
///
/// ```
///   run ──(signal, refusal, a part that fails)──▶ finishWork ──▶ run is cancelled ──▶ shutDown
/// ```
extension Worker {
    /// Serves until cancelled, or until the cache cannot be opened.
    func run() async -> WorkerEnd {
        await withTaskGroup(of: WorkerEnd?.self) { group in
            group.addTask {
                await self.coordination.run()
                return nil
            }
            group.addTask {
                await self.httpServer.run()
                return nil
            }
            group.addTask { await self.openCache() }
            group.addTask {
                await self.announceReadiness()
                return nil
            }
            group.addTask {
                await self.watchCredentials()
                return nil
            }
            group.addTask {
                await RestingMemory.run()
                return nil
            }
            for await failure in group {
                guard let failure else { continue }
                group.cancelAll()
                return failure
            }
            return WorkerEnd(status: 0, reason: "stopped")
        }
    }

    /// Waits until the cluster refuses this worker for good.
    func refusal() async -> WorkerEnd {
        while !Task.isCancelled {
            if let reason = await coordination.refusal(within: .seconds(3600)) {
                return WorkerEnd(status: 4, reason: reason)
            }
        }
        return WorkerEnd(status: 0, reason: "cancelled")
    }

    /// Waits until the voter's log has to be given up.
    func rotFound() async -> WorkerEnd {
        while !Task.isCancelled {
            if let finding = await coordination.rotFound(within: .seconds(3600)) {
                return WorkerEnd(
                    status: 1,
                    reason: "the voter's log is rotten (\(finding.rawValue)): starting again as a "
                        + "new store",
                    rot: finding
                )
            }
        }
        return WorkerEnd(status: 0, reason: "cancelled")
    }

    /// Takes no new work, hands leadership over, and lets what is under way come to its end, as long
    /// as it may (``HTTPServer/untilIdle()``).
    ///
    /// ``run()`` must go on meanwhile: answers need pages, writes a leader, and who can take
    /// leadership over is known only by asking.
    ///
    /// `isLast` is whether the process ends behind it: systemd kills who said that it stops.
    func finishWork(isLast: Bool) async {
        if isLast { SystemdNotifier.notify("STOPPING=1") }
        httpServer.shutDown()
        async let handover: Void = coordination.handLeadershipOver()
        await httpServer.untilIdle()
        await handover
        coordination.gossip.leave()
        pagesDoor.close()
    }

    /// Flushes and closes.
    func shutDown() async {
        try? await originClient.shutdown()  // Whoever still waits for an origin waits no longer.
        await neighbours.shutDown()
        coordination.shutDown()
        await pageServer.stop()
        await gossipSocket.shutDown()
        await peerServer.shutDown()
        peerClient.shutDown()
    }

    /// Tells systemd and the log when this worker is ready for the first time.
    private func announceReadiness() async {
        guard await coordination.untilJoined() != nil else { return }
        // Whoever drains has started all the same.
        while ![.ready, .waiting(.draining)].contains(coordination.readiness()) {
            guard (try? await Task.sleep(for: .milliseconds(50))) != nil else { return }
        }
        log.notice("worker ready")
        SystemdNotifier.notify("READY=1")
    }

    /// Opens the cache once this worker has a cluster, and the doors to it.
    private func openCache() async -> WorkerEnd? {
        guard let (cluster, node) = await coordination.untilJoined() else { return nil }
        peerServer.announce()  // Whoever connected before still takes it for fresh.
        let client = PageClient(group: group, cluster: cluster, name: settings.name)
        asking.open(
            me: node,
            door: pagesDoor,
            remote: RemoteAsking(client: client) { _ in false }
        )
        guard let opened = await openOwnStore(cluster) else { return nil }
        do throws(PageStoreError) {
            let pageStore = try opened.get()
            cache.open(pageStore)
            let peers = peers(cluster, node)
            let pages = makePages(pageStore, peers)
            pagesDoor.open(answering(with: pages, pageStore))
            log.notice(
                "cache open",
                metadata: ["store.pages": "\(pageStore.statistics.pageCount)"]
            )
            async let copying: Void = copier(pageStore, peers, pages).run()
            await mover(pageStore, peers, pages).run()
            await copying
            return nil
        } catch {
            let failure = WorkerFailure.cache(error)
            return WorkerEnd(failure)
        }
    }

    /// Opens the store, also one of a cluster that this worker's goes on from; which those are it knows
    /// once it has the catalog.
    private func openOwnStore(_ cluster: ClusterID) async -> Result<PageStore, PageStoreError>? {
        let opened = await openStore(cluster, inheritingFrom: [])
        guard case .failure(.foreignCluster) = opened else { return opened }
        guard let lineage = await coordination.untilLineage(of: cluster) else { return nil }
        return await openStore(cluster, inheritingFrom: lineage)
    }

    /// Opens the store on a thread of its own, for it reads every index first; `nil` when cancelled.
    ///
    /// A worker that is told to end does not wait for it: it has changed nothing that a crash may not
    /// leave behind as well.
    private func openStore(
        _ cluster: ClusterID,
        inheritingFrom ancestors: [ClusterID]
    ) async -> Result<PageStore, PageStoreError>? {
        let disks = settings.cache.map {
            PageDiskConfiguration(directory: FilePath($0.path), capacity: $0.capacity)
        }
        let (results, continuation) = AsyncStream.makeStream(
            of: Result<PageStore, PageStoreError>.self
        )
        Thread.detachNewThread {
            do throws(PageStoreError) {
                let store = try PageStore.open(
                    disks: disks,
                    cluster: cluster,
                    ancestors: ancestors
                )
                continuation.yield(.success(store))
            } catch {
                continuation.yield(.failure(error))
            }
            continuation.finish()
        }
        for await result in results { return result }
        return nil
    }

    private func makePages(_ pageStore: PageStore, _ peers: PagePeers) -> PageService {
        PageService(
            store: pageStore,
            origins: reading.origins,
            blocking: blocking,
            metrics: metrics,
            peers: peers,
            log: log
        )
    }

    private func answering(with pages: PageService, _ pageStore: PageStore) -> WorkerPages {
        WorkerPages(
            pages: pages,
            metadata: reading.metadata,
            recorder: reading.recorder,
            capacity: {
                let statistics = pageStore.statistics
                return (statistics.capacity, statistics.allocated)
            }
        )
    }
}
