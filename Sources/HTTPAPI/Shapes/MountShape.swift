// SPDX-License-Identifier: Apache-2.0
package import APIModel
package import CatalogCore
import Primitives

extension MountDocument {
    /// The stored entry as the API shows it.
    package init(_ entry: MountEntry) {
        let mount = entry.mount
        self.init(
            path: entry.path.text,
            origin: mount.origin,
            options: Self.dictionary(mount.options),
            credential: mount.credential,
            regions: Dictionary(
                mount.regions.map { ($0.region, MountRegionDocument($0, of: entry)) },
                uniquingKeysWith: { first, _ in first }
            ),
            write: mount.write.text,
            replicas: Int(mount.replicas),
            metadataTtl: mount.metadataTTL.apiText,
            onStale: mount.onStale.apiText,
            createRevision: entry.createRevision.rawValue,
            modRevision: entry.modRevision.rawValue,
            originId: entry.originID(inRegion: nil)
        )
    }

    fileprivate static func dictionary(_ options: [MountOption]) -> [String: String] {
        Dictionary(options.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    }
}

extension MountRegionDocument {
    fileprivate init(_ named: Mount.NamedOverride, of entry: MountEntry) {
        self.init(
            origin: named.override.origin,
            options: named.override.options.map(MountDocument.dictionary),
            credential: named.override.credential,
            originId: entry.originID(inRegion: named.region)
        )
    }
}

extension MountEntry {
    /// Every stored entry has its default origin and one for each region it names.
    fileprivate func originID(inRegion region: String?) -> UInt64 {
        origins.first { $0.region == region }?.origin.rawValue ?? 0
    }
}

// MARK: - Times

// `Timespan` prints the largest unit that fits, "1m" for a minute; these documents are compared by
// programs, so they always count seconds.

extension Mount.MetadataTTL {
    fileprivate var apiText: String {
        switch self {
        case .immutable: "immutable"
        case .expires(let timespan): timespan.inSeconds
        }
    }
}

extension Mount.StalePolicy {
    fileprivate var apiText: String {
        switch self {
        case .serve: "serve"
        case .fail(let timespan): "fail:\(timespan.inSeconds)"
        }
    }
}

extension Timespan {
    fileprivate var inSeconds: String {
        milliseconds.isMultiple(of: 1000) ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
    }
}
