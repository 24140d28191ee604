// SPDX-License-Identifier: Apache-2.0

/// One entry of the mount table as the API answers it.
///
/// Source: `CONTRACT.md` §3, shape `mount`.
package struct MountDocument: Codable, Hashable, Sendable {
    /// Absolute cluster path.
    package var path: String
    /// `s3://bucket/prefix` or `file:///directory`.
    package var origin: String
    package var options: [String: String]
    /// Name of a credential, never its value.
    @Nullable package var credential: String?
    /// Overrides by region; absent members inherit.
    package var regions: [String: MountRegionDocument]
    /// `none`, `through` or `back`.
    package var write: String
    /// Workers of a region that hold each page: 1...8.
    package var replicas: Int
    /// A time such as `60s`, or `immutable`.
    package var metadataTtl: String
    /// `serve` or `fail:30s`.
    package var onStale: String
    package var createRevision: UInt64
    package var modRevision: UInt64
    /// The origin's id, part of every page key: what a client that routes needs.
    package var originId: UInt64
    /// Where the asked worker takes the credentials from, never a value; only `GET` of one mount says.
    package var credentialSource: String?

    package init(
        path: String,
        origin: String,
        options: [String: String],
        credential: String?,
        regions: [String: MountRegionDocument],
        write: String,
        replicas: Int,
        metadataTtl: String,
        onStale: String,
        createRevision: UInt64,
        modRevision: UInt64,
        originId: UInt64
    ) {
        self.path = path
        self.origin = origin
        self.options = options
        self.credential = credential
        self.regions = regions
        self.write = write
        self.replicas = replicas
        self.metadataTtl = metadataTtl
        self.onStale = onStale
        self.createRevision = createRevision
        self.modRevision = modRevision
        self.originId = originId
    }
}

/// What one region does differently; `null` members inherit the mount's.
package struct MountRegionDocument: Codable, Hashable, Sendable {
    @Nullable package var origin: String?
    @Nullable package var options: [String: String]?
    @Nullable package var credential: String?
    /// The origin id in this region.
    package var originId: UInt64

    package init(
        origin: String?,
        options: [String: String]?,
        credential: String?,
        originId: UInt64
    ) {
        self.origin = origin
        self.options = options
        self.credential = credential
        self.originId = originId
    }
}
