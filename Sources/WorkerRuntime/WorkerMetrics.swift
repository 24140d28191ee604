// SPDX-License-Identifier: Apache-2.0
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

    /// What a page was fetched from its origin for.
    enum Cause: String {
        /// Nobody had it, as far as is known.
        case read
        /// A living worker had held it and does not any more, or did not answer in time.
        case rebalance
        /// Whoever held it cannot be asked: it is dead, or was taken for dead.
        case lost
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

    func readFromOrigin(_ mount: ByteString, _ cause: Cause, byteCount: Int) {
        registry.counter(.originReadBytes, mount.text, cause.rawValue).add(UInt64(byteCount))
    }

    func handedOver(_ direction: Direction, byteCount: Int) {
        registry.counter(.handoffBytes, direction.rawValue).add(UInt64(byteCount))
    }
}
