// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import PlacementCore
import Primitives

/// An object of the lake, under one of the mounts.
struct SimulatedObject: Sendable {
    let mount: ByteString
    let identity: ObjectIdentity

    var pageCount: UInt32 { identity.geometry?.pageCount ?? 0 }

    func key(ofPage page: UInt32) -> PlacementKey {
        PlacementKey(
            origin: identity.origin,
            key: identity.key,
            unit: PageGeometry.unit(ofPage: page)
        )
    }
}

/// How a world begins.
extension ElasticWorld {
    /// With one replica, and with two.
    static let mounts: [ByteString] = ["/one", "/two"]

    mutating func makeObjects() {
        for number in 0..<plan.objectCount {
            let isLarge = random.chance(percent: 6)
            let pages: UInt64 = isLarge ? 70 : .random(in: 1...6, using: &random)
            let mount = random.chance(percent: 20) ? 1 : 0
            objects.append(
                SimulatedObject(
                    mount: Self.mounts[mount],
                    identity: ObjectIdentity(
                        origin: OriginID(UInt64(mount + 1)),
                        key: ByteString("o\(number)"),
                        version: "v",
                        byteCount: pages * PageGeometry.pageByteCount
                            - .random(in: 0..<PageGeometry.pageByteCount, using: &random)
                    )
                )
            )
        }
    }

    /// A worker whose process runs, and that the cluster has not heard of.
    @discardableResult
    mutating func addWorker(in region: String) -> Int {
        let number = workers.count
        let size = UInt64([1, 1, 1, 2, 4].randomElement(using: &random) ?? 1)
        let zone = Int.random(in: 0..<plan.zoneCount, using: &random)
        workers.append(
            ElasticWorker(
                number: number,
                region: region,
                zone: "z\(zone)",
                capacity: size << 36,
                shelf: SimulatedShelf(capacity: plan.shelfPages * Int(size))
            )
        )
        network.add()
        return number
    }

    /// The first workers and mounts, committed before anything else.
    mutating func form() {
        let voterCount = min(workers.count, plan.regionCount == 2 ? 5 : 3)
        let entry = ClusterEntry(
            id: ClusterID(UniqueID(high: 1, low: plan.seed)),
            generation: 1,
            survival: .zone,
            timing: .lan,
            featureLevel: 1,
            voters: (1...voterCount).map { NodeID(UInt64($0)) }
        )
        log.leader = 0
        log.term = 1
        append(CatalogCommand(operation: .genesis(entry, workers.map(\.registration))))
        for (number, path) in Self.mounts.enumerated() {
            var mount = Mount(origin: "s3://bucket\(number)")
            mount.replicas = UInt8(number + 1)
            append(
                CatalogCommand(operation: .putMount(path: path, mount, .absent(plain: true)))
            )
        }
        if plan.bytesPerSecond > 0 {
            let rate = max(HandoffSettings.leastBytesPerSecond, plan.bytesPerSecond)
            append(CatalogCommand(operation: .handoff(.settings(.init(bytesPerSecond: rate)))))
        }
        for worker in workers.indices {
            workers[worker].node = log.catalog.worker(store: workers[worker].store)?.id
            if let node = workers[worker].node { positions[node] = worker }
            follow(worker)
            queue.add(.register(worker: worker, life: 0), at: 500_000)
        }
        queue.add(.steward(term: 1), at: 200_000)
    }
}
