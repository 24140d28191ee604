// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// What is placed on the ring: one unit of 64 MiB of one object, whatever its version.
///
/// Without the version, so that a new version of an object lands on the same workers; with the unit,
/// so that many workers serve a large one.
///
/// - Source: Docs/placement.md, with golden vectors.
package struct PlacementKey: Hashable, Sendable {
    package let origin: OriginID
    /// The object's key at its origin, not its cluster path.
    package let key: ByteString
    /// Offset / 64 MiB.
    package let unit: UInt32

    package init(origin: OriginID, key: ByteString, unit: UInt32) {
        self.origin = origin
        self.key = key
        self.unit = unit
    }

    /// Where the unit lies on the ring.
    ///
    ///     XXH64(seed 0, u64le origin id ‖ key ‖ 0x00 ‖ u32le unit)
    ///
    /// Example: origin 1, key "a", unit 0 give `0x9756E8F4B981668A`.
    /// - Complexity: O(length of the key).
    package var hash: UInt64 {
        var writer = ByteWriter(reservingCapacity: key.count + 13)
        writer.write(origin.rawValue)
        writer.write(raw: key.bytes)
        writer.write(UInt8(0))
        writer.write(unit)
        return XXH64.hash(writer.bytes)
    }
}
