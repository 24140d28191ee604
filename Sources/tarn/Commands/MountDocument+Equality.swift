// SPDX-License-Identifier: Apache-2.0

package import APIModel
import CatalogCore
import HTTPAPI

extension MountDocument {
    /// Whether storing `request` would store this: same meaning, however it is spelled.
    ///
    /// Both are read as a worker reads them, so `1m` is `60s`, absent members are their defaults, and
    /// an origin is the same with or without a slash at its end.
    package func isEqual(to request: MountRequest) -> Bool {
        guard let stored = MountMeaning(MountRequest(self)), let asked = MountMeaning(request)
        else { return false }
        return stored == asked
    }
}

/// A mount with its origins as locations instead of texts.
private struct MountMeaning: Equatable {
    private let origin: OriginLocation
    private let regionOrigins: [OriginLocation?]
    private let rest: Mount

    /// `nil` for what no worker would store.
    init?(_ request: MountRequest) {
        guard var mount = try? Mount(request) else { return nil }
        do {
            origin = try OriginLocation(uri: mount.origin)
            regionOrigins = try mount.regions.map { named in
                try named.override.origin.map { try OriginLocation(uri: $0) }
            }
        } catch {
            return nil
        }
        mount.origin = ""
        for index in mount.regions.indices where mount.regions[index].override.origin != nil {
            mount.regions[index].override.origin = ""
        }
        rest = mount
    }
}
