// SPDX-License-Identifier: Apache-2.0

package import APIModel
import CatalogCore
import HTTPAPI
import Primitives

/// A mount as named values, so that two can be compared and the difference be read.
///
/// Read as a worker reads it: `1m` is `60s`, absent members are their defaults, and an origin is the
/// same with or without a slash at its end.
package struct MountFields: Sendable {
    /// One value: how it is shown, and what decides whether it is the same.
    private struct Value: Sendable {
        let shown: String
        let meaning: String
    }

    /// What one field was and is; `nil`: not there.
    package struct Change: Encodable, Hashable, Sendable {
        package let field: String
        @Nullable package var before: String?
        @Nullable package var after: String?
    }

    /// In the order in which they are shown.
    private var fields: [(name: String, value: Value)] = []

    /// `nil` for what no worker would store.
    package init?(_ request: MountRequest) {
        guard let mount = try? Mount(request) else { return nil }
        set("origin", origin: mount.origin)
        for option in mount.options { set("option \(option.key)", option.value) }
        if let credential = mount.credential { set("credential", credential) }
        for named in mount.regions { add(named) }
        set("write", mount.write.text)
        set("replicas", "\(mount.replicas)")
        set("metadata-ttl", "\(mount.metadataTTL)")
        set("on-stale", "\(mount.onStale)")
    }

    /// What is different in `other`, in the order of its fields; what it has not comes last.
    package func changes(to other: MountFields) -> [Change] {
        let before = Dictionary(fields.map { ($0.name, $0.value) }) { first, _ in first }
        let after = Dictionary(other.fields.map { ($0.name, $0.value) }) { first, _ in first }
        let names = other.fields.map(\.name) + fields.map(\.name).filter { after[$0] == nil }
        return names.compactMap { name in
            guard before[name]?.meaning != after[name]?.meaning else { return nil }
            return Change(field: name, before: before[name]?.shown, after: after[name]?.shown)
        }
    }

    /// Every field, in the order in which they are shown.
    package var shown: [(field: String, value: String)] {
        fields.map { ($0.name, $0.value.shown) }
    }

    // MARK: - Private

    private mutating func add(_ named: Mount.NamedOverride) {
        let region = "region \(named.region)"
        let override = named.override
        if let origin = override.origin {
            set("\(region) origin", origin: origin)
        } else {
            set("\(region) origin", "inherited")
        }
        if let options = override.options {
            if options.isEmpty { set("\(region) options", "none") }
            for option in options { set("\(region) option \(option.key)", option.value) }
        }
        if let credential = override.credential { set("\(region) credential", credential) }
    }

    private mutating func set(_ name: String, _ value: String) {
        fields.append((name, Value(shown: value, meaning: value)))
    }

    private mutating func set(_ name: String, origin: String) {
        let meaning = (try? OriginLocation(uri: origin))?.uri(of: "") ?? origin
        fields.append((name, Value(shown: origin, meaning: meaning)))
    }
}

extension MountFields.Change {
    /// `replicas: 1 → 2`, with `-` for what is not there.
    package var text: String {
        "\(TextTable.shown(field)): \(TextTable.shown(before ?? "")) → "
            + TextTable.shown(after ?? "")
    }
}
