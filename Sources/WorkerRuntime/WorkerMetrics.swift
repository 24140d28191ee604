// SPDX-License-Identifier: Apache-2.0
import ElasticCore
import Primitives
import Telemetry

/// What is counted about pages.
struct PageMetrics: Sendable {
    /// Why a page was not here when it was asked for.
    enum MissReason: String {
        case cold
        /// It was here, and others needed the room.
        case evicted
        /// The page of another version was here, or asked for.
        case stale
        /// It was fetched before, and the disks took no more.
        case notAdmitted = "not-admitted"
        /// The first owner did not answer, so another one was asked.
        case workerDown = "worker-down"
        /// It is another worker's by an earlier epoch: found there, or lost on the way.
        case ringMoved = "ring-moved"
    }

    /// Which way a page went between workers.
    enum Direction: String {
        case `in`
        case out
    }

    let registry: MetricRegistry

    func missed(_ mount: ByteString, _ reason: MissReason) {
        registry.counter(.cacheMisses, mount.text, reason.rawValue).add()
    }

    func readFromOrigin(_ mount: ByteString, _ cause: FetchCause, byteCount: Int) {
        registry.counter(.originReadBytes, mount.text, cause.rawValue).add(UInt64(byteCount))
    }

    func handedOver(_ direction: Direction, byteCount: Int) {
        registry.counter(.handoffBytes, direction.rawValue).add(UInt64(byteCount))
    }
}
