// SPDX-License-Identifier: Apache-2.0
import Origins
import Primitives
import Telemetry

/// What is counted about requests to origins.
struct OriginMetrics: Sendable {
    let registry: MetricRegistry

    func count(_ record: OriginRequestRecord, mount: ByteString) {
        registry.counter(
            .originRequests,
            mount.text,
            record.method.rawValue,
            "\(record.status)"
        ).add()
    }

    func wentPastOwners(_ mount: ByteString, byteCount: Int) {
        registry.counter(.cacheMisses, mount.text, "worker-down").add()
        registry.counter(.originReadBytes, mount.text, "read").add(UInt64(byteCount))
    }
}
