// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import PeerTransport
import Primitives

/// What a worker's coordination is told at its start.
package struct CoordinationSettings: Sendable {
    /// This worker as it wants to be registered.
    package let registration: WorkerRegistration
    /// Peers to look for; may name this worker itself.
    package let join: [PeerAddress]
    /// What this worker's cache holds now: bytes and pages, for status.
    package let load: @Sendable () -> (usedBytes: UInt64, pages: UInt64)
    /// Milliseconds of a clock that never goes back.
    package let now: @Sendable () -> UInt64

    package init(
        registration: WorkerRegistration,
        join: [PeerAddress],
        load: @escaping @Sendable () -> (usedBytes: UInt64, pages: UInt64),
        now: @escaping @Sendable () -> UInt64
    ) {
        self.registration = registration
        self.join = join
        self.load = load
        self.now = now
    }
}
