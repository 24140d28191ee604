// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import RaftCore

/// How a world's catalog begins: with the first command of its first leader.
extension World {
    /// Names commands that no client waits for.
    static let nobodysRequest = RaftRequestID(0)
    /// Whom nothing happens to but what memory does.
    static let idleWorker = NodeID(1)

    /// A leader without a catalog asks for one, once a term.
    mutating func formCluster(_ node: Int, _ observation: inout Observation) {
        guard nodes[node].raft.role == .leader, !nodes[node].machine.isFormed,
            nodes[node].formedIn != nodes[node].raft.term
        else { return }
        nodes[node].formedIn = nodes[node].raft.term
        let genesis = CatalogCommand(operation: .genesis(firstEntry, firstWorkers))
        step(
            node,
            .propose(Self.nobodysRequest, payload: genesis.encode()),
            &observation
        )
    }

    private var firstEntry: ClusterEntry {
        ClusterEntry(
            id: cluster,
            generation: 1,
            survival: .zone,
            timing: plan.has(.wideArea) ? .wan : .lan,
            featureLevel: 1,
            voters: (1...plan.voterCount).map { NodeID(UInt64($0)) }
        )
    }

    /// Small, for an entry has to fit the smallest segment.
    private var firstWorkers: [WorkerRegistration] {
        (1...plan.workerCount).map { number in
            let isIdle = UInt64(number) == Self.idleWorker.rawValue
            return WorkerRegistration(
                store: StoreID(UniqueID(high: plan.seed, low: UInt64(number))),
                name: "w\(number)",
                region: "r1",
                zone: "z\(number % 3)",
                addresses: WorkerAddresses(
                    http: "w\(number):8080",
                    s3: nil,
                    data: "w\(number):8081",
                    peer: "w\(number):8082",
                    socket: nil
                ),
                capacity: 1 << 40,
                version: isIdle ? "1.0.0 of an idle worker" : "1.0.0",
                startedAtUnixMS: 0
            )
        }
    }
}
