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

    func wentPastOwners(_ mount: ByteString, byteCount: Int, isLost: Bool) {
        registry.counter(.cacheMisses, mount.text, "worker-down").add()
        let cause = isLost ? "lost" : "read"
        registry.counter(.originReadBytes, mount.text, cause).add(UInt64(byteCount))
    }
}
