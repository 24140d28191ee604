// SPDX-License-Identifier: Apache-2.0

/// One entry of the mount table as the API answers it.
///
/// Schema `mount` of `GET /v1/openapi.json`.
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
    /// Which regions have this revision; only with `barrier=true`.
    package var barrier: BarrierDocument?

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

/// Which regions have a change of the mount table.
package struct BarrierDocument: Codable, Hashable, Sendable {
    package enum State: String, Codable, Sendable {
        /// Every worker has it.
        case reached
        /// Who does not have it refuses to use what was there before: the mount's `onStale` time is over.
        case expired
        /// Somebody may still use what was there before.
        case missing
    }

    package struct Region: Codable, Hashable, Sendable {
        package var region: String
        package var state: State
        package var workers: Int
        /// Names of the workers that are not known to have it.
        package var missing: [String]

        package init(region: String, state: State, workers: Int, missing: [String]) {
            self.region = region
            self.state = state
            self.workers = workers
            self.missing = missing
        }
    }

    /// Nowhere is anything used that was there before.
    package var complete: Bool
    package var regions: [Region]

    package init(complete: Bool, regions: [Region]) {
        self.complete = complete
        self.regions = regions
    }
}
