// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives

/// Once everything works again every job ends, the rings settle with exactly the active workers, and all
/// replicas are the same.
struct RingsSettle: Sendable {
    /// What is not at rest; `nil`: everything is.
    static func unrest(in world: ElasticWorld) -> String? {
        let catalog = world.log.catalog
        for ring in catalog.rings {
            if !ring.heldFor.isEmpty { return "the ring of \(ring.region) is held" }
            if !ring.isSettled {
                let open = catalog.unsettledWorkers(of: ring.region)
                return "epoch \(ring.epoch) of \(ring.region) is not settled: \(open)"
            }
            guard catalog.ringMembers(of: ring.region) == ring.members else {
                return "the ring of \(ring.region) has not the active workers"
            }
        }
        if let job = catalog.allJobs.first(where: { !$0.state.isFinal }) {
            return "\(job.id) is \(job.state)"
        }
        let states: [WorkerEntry.State] = [.active, .drained]
        if let worker = catalog.workers.first(where: { !states.contains($0.state) || $0.isSilent })
        {
            return "\(worker.name) is \(worker.state.text)"
        }
        let late = world.workers.first { worker in
            worker.isUp && (worker.node == nil || worker.applied + 20 < world.log.entries.count)
        }
        return late.map { "\($0.name) is behind: \($0.applied)" }
    }
}
