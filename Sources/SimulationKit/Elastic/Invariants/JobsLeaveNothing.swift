// SPDX-License-Identifier: Apache-2.0

import CatalogCore

/// Where nothing goes wrong, and there is room, whatever had to move has moved when its job is done.
struct JobsLeaveNothing: Sendable {
    static func problem(in world: ElasticWorld) -> String? {
        guard world.plan.isCalm else { return nil }
        let job = world.log.catalog.allJobs.first { $0.state == .done && $0.left.pages > 0 }
        return job.map { "\($0.id) has left \($0.left.pages) pages" }
    }
}
