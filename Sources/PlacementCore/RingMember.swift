// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// One worker of a region's ring, as far as placement looks at it.
package struct RingMember: Hashable, Sendable {
    /// Points of the smallest and of the largest worker.
    package static let pointCountLimits: ClosedRange<UInt64> = 64...4096

    package let id: NodeID
    /// Failure domain: owners of one unit are spread over zones where there are enough of them.
    package let zone: String
    /// Bytes its cache may hold.
    package let capacity: UInt64

    package init(id: NodeID, zone: String, capacity: UInt64) {
        self.id = id
        self.zone = zone
        self.capacity = capacity
    }

    /// How many points the worker has, which depends on nothing but its own capacity.
    ///
    ///     clamp(capacity / 1 GiB, 64…4096)
    ///
    /// So a worker that joins or leaves never changes the points of another.
    package var pointCount: UInt32 {
        let gibibytes = capacity >> 30
        let limits = Self.pointCountLimits
        return UInt32(min(max(gibibytes, limits.lowerBound), limits.upperBound))
    }

    /// The place of one of the worker's points on the ring.
    ///
    ///     XXH64(seed 0, u64le worker id ‖ u32le i)
    ///
    /// - Parameter index: 0..<``pointCount``.
    /// - Returns: A hash; several points, also of several workers, may have the same.
    package func point(_ index: UInt32) -> UInt64 {
        var writer = ByteWriter(reservingCapacity: 12)
        writer.write(id.rawValue)
        writer.write(index)
        return XXH64.hash(writer.bytes)
    }
}
