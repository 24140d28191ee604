// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// Where the bytes of one cluster path come from in one region.
package struct Resolution: Hashable, Sendable {
    /// The mount with the longest matching prefix.
    package let mount: MountEntry
    /// What follows the mount's path and its `/`; empty for the mount itself.
    package let name: ByteString
    /// The region's origin, as page and placement keys name it.
    package let originID: OriginID
    /// The region's origin, else the mount's.
    package let location: OriginLocation
    /// The region's options, else those of the mount that this origin's scheme knows; by key.
    package let options: [MountOption]
    /// Name of the region's credential, else the mount's.
    package let credential: String?

    /// The key within ``originID``'s bucket or below its directory.
    package var key: ByteString { location.keyPrefix + name }

    /// URI of this very path, with U+FFFD where its bytes are not UTF-8.
    package var uri: String { location.uri(of: name) }
}

extension Catalog {
    /// Finds the mount that `path` belongs to: the longest prefix in whole components.
    ///
    /// `/data/a` holds `/data/a`, `/data/a/` and `/data/a//x` (name `/x`), not `/data/ab`. The path is
    /// taken as it is, nothing collapsed. `region` is where the reader is; one that the mount does not
    /// name gets its defaults. `nil` where no mount holds the path. O(components · log n): prefixes
    /// longer than a mount path may be are not looked at.
    package func resolve(_ path: ByteString, region: String) -> Resolution? {
        guard let mount = longestMount(holding: path) else { return nil }
        let name = path.dropFirst(min(mount.path.count + 1, path.count))
        return mount.resolution(of: name, region: region)
    }

    private func longestMount(holding path: ByteString) -> MountEntry? {
        var end = min(path.count, CatalogLimits.pathByteCount)
        while end > 1 {
            let isBoundary = end == path.count || path.bytes[end] == slash
            if isBoundary, let mount = mountTable[ByteString(path.bytes[..<end])] { return mount }
            end -= 1
        }
        return nil
    }
}

extension MountEntry {
    /// What a reader in `region` needs to fetch `name` of this mount.
    ///
    /// `nil` only for an entry that no catalog stored: one whose origin cannot be read.
    package func resolution(of name: ByteString, region: String) -> Resolution? {
        let override = mount.override(for: region)
        guard let location = try? OriginLocation(uri: override?.override.origin ?? mount.origin),
            let origin = origins.first(where: { $0.region == override?.region }),
            override == nil || origin.region != nil
        else { return nil }

        return Resolution(
            mount: self,
            name: name,
            originID: origin.origin,
            location: location,
            options: mount.effectiveOptions(of: override, at: location),
            credential: override?.override.credential ?? mount.credential
        )
    }
}
