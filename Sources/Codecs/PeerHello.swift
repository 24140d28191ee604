// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// Who a worker is, said first on every connection between workers, by both sides.
///
/// Identity is (cluster, node, store); name, region and zone describe. Addresses are not in it: they
/// are opinions. A fresh worker has neither cluster nor node, but always a store.
///
/// Wire format 1, little-endian, in this order: magic `TARNPEER` (8 bytes), oldest and newest
/// protocol version this worker speaks (u16, u16), optional cluster (flag, 16 bytes), optional node
/// (flag, u64), store (16 bytes), name, region, zone (u32 length and UTF-8, at most
/// ``longestText`` bytes each), the cluster's ancestors if it has any (u32 count, 16 bytes each). Bytes
/// behind those are ignored, so that a later version may add fields that an
/// older worker does not know.
package struct PeerHello: Hashable, Sendable {
    /// The cluster this worker belongs to; `nil` until it has joined one.
    package let cluster: ClusterID?
    /// The node this store was admitted as; `nil` until then.
    package let node: NodeID?
    /// The data directory behind this worker.
    package let store: StoreID
    /// The worker's configured name.
    package let name: String
    /// The region the worker is in.
    package let region: String
    /// The zone the worker is in.
    package let zone: String
    /// The protocol versions this worker speaks.
    package let versions: ClosedRange<UInt16>
    /// The clusters that this worker's goes on from, its parent first; at most ``longestLineage``.
    ///
    /// As trustworthy as the rest: who may say a hello at all may say this.
    package let lineage: [ClusterID]

    /// Describes a worker.
    ///
    /// `name`, `region` and `zone` are cut by configuration to at most ``longestText`` bytes long
    /// before they get here.
    package init(
        cluster: ClusterID?,
        node: NodeID?,
        store: StoreID,
        name: String,
        region: String,
        zone: String,
        versions: ClosedRange<UInt16> = PeerHello.spokenVersions,
        lineage: [ClusterID] = []
    ) {
        self.cluster = cluster
        self.node = node
        self.store = store
        self.name = name
        self.region = region
        self.zone = zone
        self.versions = versions
        self.lineage = Array(lineage.prefix(Self.longestLineage))
    }

    /// The protocol versions of this release.
    package static let spokenVersions: ClosedRange<UInt16> = 1...1

    /// Bytes that a name, region or zone may be long.
    package static let longestText = 255

    /// Ancestors that are told.
    package static let longestLineage = 16

    /// Whether this worker's cluster goes on from the other's.
    package func succeeds(_ other: PeerHello) -> Bool {
        other.cluster.map(lineage.contains) ?? false
    }

    /// The first bytes of every connection between workers.
    package static let magic = Array("TARNPEER".utf8)

    /// The newest protocol version that both this worker and `other` speak; `nil` if there is none.
    package func commonVersion(with other: PeerHello) -> UInt16? {
        let newest = min(versions.upperBound, other.versions.upperBound)
        return newest >= max(versions.lowerBound, other.versions.lowerBound) ? newest : nil
    }
}
