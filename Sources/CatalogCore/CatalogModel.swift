// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// What the mount table holds for one path.
package struct Mount: Hashable, Sendable {
    /// Where the data of one region comes from; absent members inherit the mount's.
    package struct RegionOverride: Hashable, Sendable {
        package var origin: String?
        /// Sorted by key; `nil` inherits.
        package var options: [MountOption]?
        package var credential: String?

        package init(origin: String?, options: [MountOption]?, credential: String?) {
            self.origin = origin
            self.options = options
            self.credential = credential
        }
    }

    package enum WritePolicy: UInt8, Sendable { case none = 0, through = 1, back = 2 }

    /// How long attributes, listings and negative answers may be kept.
    package enum MetadataTTL: Hashable, Sendable {
        case immutable
        case expires(Timespan)
    }

    /// What a worker cut off from the quorum does with this mount.
    package enum StalePolicy: Hashable, Sendable {
        case serve
        case fail(after: Timespan)
    }

    package var origin: String
    /// Sorted by key, no key twice.
    package var options: [MountOption]
    package var credential: String?
    /// Sorted by region, no region twice.
    package var regions: [NamedOverride]
    package var write: WritePolicy
    /// How many workers of a region hold each page: 1...8.
    package var replicas: UInt8
    package var metadataTTL: MetadataTTL
    package var onStale: StalePolicy

    package struct NamedOverride: Hashable, Sendable {
        package let region: String
        package var override: RegionOverride

        package init(region: String, override: RegionOverride) {
            self.region = region
            self.override = override
        }
    }

    package init(
        origin: String,
        options: [MountOption] = [],
        credential: String? = nil,
        regions: [NamedOverride] = [],
        write: WritePolicy = .none,
        replicas: UInt8 = 1,
        metadataTTL: MetadataTTL = .expires(.seconds(60)),
        onStale: StalePolicy = .serve
    ) {
        self.origin = origin
        self.options = options.sorted { precedes($0.key, $1.key) }
        self.credential = credential
        self.regions = regions.sorted { precedes($0.region, $1.region) }
        self.write = write
        self.replicas = replicas
        self.metadataTTL = metadataTTL
        self.onStale = onStale
    }
}

/// One `key=value` of a mount: `endpoint`, `region`, `path-style`, `anonymous`, `ca-file`, ….
package struct MountOption: Hashable, Sendable {
    package let key: String
    package let value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

/// A mount as stored: the settings, the path they are for, and when they were made and last changed.
package struct MountEntry: Hashable, Sendable {
    package let path: ByteString
    package let mount: Mount
    /// The origin of each region that the table names, in the order of `regions`, `nil` = default.
    package let origins: [ResolvedOrigin]
    package let createRevision: Revision
    package let modRevision: Revision

    package init(
        path: ByteString,
        mount: Mount,
        origins: [ResolvedOrigin],
        createRevision: Revision,
        modRevision: Revision
    ) {
        self.path = path
        self.mount = mount
        self.origins = origins
        self.createRevision = createRevision
        self.modRevision = modRevision
    }
}

/// Which origin id a mount uses in a region (`nil`: in every region without an override).
package struct ResolvedOrigin: Hashable, Sendable {
    package let region: String?
    package let origin: OriginID

    package init(region: String?, origin: OriginID) {
        self.region = region
        self.origin = origin
    }
}

/// A worker as the registry holds it.
package struct WorkerEntry: Hashable, Sendable {
    package enum State: UInt8, Sendable {
        case joining = 0, active = 1, suspended = 2, draining = 3, drained = 4, removed = 5
    }

    package let id: NodeID
    package let store: StoreID
    package var name: String
    package var region: String
    package var zone: String
    package var state: State
    package var addresses: WorkerAddresses
    /// Bytes its cache disks may hold together.
    package var capacity: UInt64
    package var version: String
    /// Milliseconds since 1970 by the worker's own clock: shown to people, decides nothing.
    package var startedAtUnixMS: UInt64
    /// How old the cluster was when ``state`` began, in milliseconds.
    package var sinceMS: UInt64
    /// Whether nothing is heard of it; a suspended worker is always silent.
    package var isSilent: Bool
    /// Bytes a second that it may send while it drains; 0: as every other worker.
    package var drainRate: UInt64
    package var modRevision: Revision

    package init(
        id: NodeID,
        store: StoreID,
        name: String,
        region: String,
        zone: String,
        state: State,
        addresses: WorkerAddresses,
        capacity: UInt64,
        version: String,
        startedAtUnixMS: UInt64,
        sinceMS: UInt64 = 0,
        isSilent: Bool = false,
        drainRate: UInt64 = 0,
        modRevision: Revision
    ) {
        self.id = id
        self.store = store
        self.name = name
        self.region = region
        self.zone = zone
        self.state = state
        self.addresses = addresses
        self.capacity = capacity
        self.version = version
        self.startedAtUnixMS = startedAtUnixMS
        self.sinceMS = sinceMS
        self.isSilent = isSilent
        self.drainRate = drainRate
        self.modRevision = modRevision
    }
}

/// Where a worker listens, each `host:port`; `nil` for what it does not serve.
package struct WorkerAddresses: Hashable, Sendable {
    package var http: String
    package var s3: String?
    package var data: String
    package var peer: String
    /// Path of the unix socket on the worker's host.
    package var socket: String?

    package init(http: String, s3: String?, data: String, peer: String, socket: String?) {
        self.http = http
        self.s3 = s3
        self.data = data
        self.peer = peer
        self.socket = socket
    }
}

/// One region's ring: who takes part, from which change on.
package struct RingEntry: Hashable, Sendable {
    /// What placement needs to know about one worker.
    package struct Member: Hashable, Sendable {
        package let id: NodeID
        package let name: String
        package let zone: String
        package let capacity: UInt64

        package init(id: NodeID, name: String, zone: String, capacity: UInt64) {
            self.id = id
            self.name = name
            self.zone = zone
            self.capacity = capacity
        }
    }

    package let region: String
    package let epoch: RingEpoch
    /// Sorted by id.
    package let members: [Member]
    /// Member lists of earlier epochs whose pages may not have moved yet, newest first, at most 4.
    package let previous: [PreviousRing]
    /// Silent members for which the ring is held, by id: too many at once to go on without them.
    package let heldFor: [NodeID]
    package let modRevision: Revision

    package struct PreviousRing: Hashable, Sendable {
        package let epoch: RingEpoch
        package let members: [Member]

        package init(epoch: RingEpoch, members: [Member]) {
            self.epoch = epoch
            self.members = members
        }
    }

    package init(
        region: String,
        epoch: RingEpoch,
        members: [Member],
        previous: [PreviousRing],
        heldFor: [NodeID] = [],
        modRevision: Revision
    ) {
        self.region = region
        self.epoch = epoch
        self.members = members
        self.previous = previous
        self.heldFor = heldFor
        self.modRevision = modRevision
    }
}
