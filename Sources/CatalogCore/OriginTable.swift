// SPDX-License-Identifier: Apache-2.0

import Primitives

/// What makes two origins the same: scheme, bucket or directory, and endpoint or `content-id`.
///
/// The prefix is not part of it: keys below it carry the prefix, so two mounts of one bucket share
/// pages. Credentials, region names and TLS settings do not change which bytes a key holds.
/// - Source: `Docs/placement.md`.
struct OriginIdentity: Hashable, Comparable, Sendable {
    let canonical: ByteString

    init(location: OriginLocation, options: [MountOption]) {
        func value(_ key: String) -> String? { options.first { isSame($0.key, key) }?.value }
        var writer = ByteWriter()
        writer.write(location.scheme.rawValue)
        switch location {
        case .s3(let bucket, _): writer.write(bucket)
        case .directory(let directory): writer.write(directory)
        }
        if let contentID = value("content-id") {
            writer.write(UInt8(2))
            writer.write(contentID)
        } else if let endpoint = value("endpoint") {
            writer.write(UInt8(1))
            writer.write(EndpointURL(endpoint)?.normalised ?? endpoint)
        } else {
            writer.write(UInt8(0))
        }
        canonical = ByteString(writer.bytes)
    }

    init(canonical: ByteString) { self.canonical = canonical }

    static func < (lhs: Self, rhs: Self) -> Bool { lhs.canonical < rhs.canonical }
}

/// Which id each origin got; an id outlives its last mount, so that mounting the origin again finds
/// its pages and no other origin ever does.
struct OriginTable: Sendable {
    private(set) var ids = OrderedMap<OriginIdentity, OriginID>()
    private(set) var nextID: UInt64 = 1

    init() {}

    /// A table read back: every id must be below `nextID`, none there twice.
    init(ids: OrderedMap<OriginIdentity, OriginID>, nextID: UInt64) {
        self.ids = ids
        self.nextID = nextID
    }

    var count: Int { ids.count }

    /// The id of `identity`, and whether it was given out just now.
    mutating func id(of identity: OriginIdentity) -> (id: OriginID, isNew: Bool) {
        if let known = ids[identity] { return (known, false) }
        let id = OriginID(nextID)
        nextID += 1
        ids.set(identity, id)
        return (id, true)
    }
}
