// SPDX-License-Identifier: Apache-2.0
package import ClientRuntime
import Synchronization

/// Hands a request to a worker of another region.
package protocol RegionForwarding: Sendable {
    /// The answer of a worker of that region, whatever it is.
    ///
    /// - Throws: `not-found` where the region has no worker, `timeout` where none answers.
    func forward(
        _ request: APIRequest,
        toRegion region: String
    ) async throws(Problem) -> APIResponse
}

/// What surveys of origins need.
package struct SurveyDependencies: Sendable {
    /// This worker's name.
    package let worker: String
    package let surveyor: any OriginSurveying
    package let neighbours: any RegionForwarding
    let gate = SurveyGate()

    package init(
        worker: String,
        surveyor: any OriginSurveying,
        neighbours: any RegionForwarding
    ) {
        self.worker = worker
        self.surveyor = surveyor
        self.neighbours = neighbours
    }
}

/// How many looks at origins a worker takes at a time, forwarded ones included; more are refused.
final class SurveyGate: Sendable {
    private static let limit = 8

    private let count = Mutex(0)

    func enter() -> Bool {
        count.withLock { count in
            guard count < Self.limit else { return false }
            count += 1
            return true
        }
    }

    func leave() { count.withLock { $0 -= 1 } }
}
