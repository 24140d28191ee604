// SPDX-License-Identifier: Apache-2.0

/// Body of `PUT /v1/mount?path=…`: the mount without its path and revisions.
///
/// Only `origin` is required; `nil` members take their defaults. An entry as ``MountDocument``
/// answers it can be sent back: its path, revisions and origin ids are read over. Any other unknown
/// member is an error, so a typing mistake cannot pass for a default.
package struct MountRequest: Codable, Hashable, Sendable {
    /// `s3://bucket/prefix` or `file:///directory`.
    package var origin: String
    @Nullable package var options: [String: String]?
    @Nullable package var credential: String?
    @Nullable package var regions: [String: MountRegionRequest]?
    /// `none`, `through` or `back`.
    @Nullable package var write: String?
    @Nullable package var replicas: Int?
    /// A time such as `60s`, or `immutable`.
    @Nullable package var metadataTtl: String?
    /// `serve` or `fail:30s`.
    @Nullable package var onStale: String?

    package init(
        origin: String,
        options: [String: String]? = nil,
        credential: String? = nil,
        regions: [String: MountRegionRequest]? = nil,
        write: String? = nil,
        replicas: Int? = nil,
        metadataTtl: String? = nil,
        onStale: String? = nil
    ) {
        self.origin = origin
        self.options = options
        self.credential = credential
        self.regions = regions
        self.write = write
        self.replicas = replicas
        self.metadataTtl = metadataTtl
        self.onStale = onStale
    }

    package init(from decoder: any Decoder) throws {
        try decoder.refuseMembers(
            except: CodingKeys.names,
            ignoring: [
                "path", "createRevision", "modRevision", "originId", "credentialSource",
                "barrier",
            ]
        )
        let container = try decoder.container(keyedBy: CodingKeys.self)
        origin = try container.decode(String.self, forKey: .origin)
        options = try container.decodeIfPresent([String: String].self, forKey: .options)
        credential = try container.decodeIfPresent(String.self, forKey: .credential)
        regions = try container.decodeIfPresent(
            [String: MountRegionRequest].self,
            forKey: .regions
        )
        write = try container.decodeIfPresent(String.self, forKey: .write)
        replicas = try container.decodeIfPresent(Int.self, forKey: .replicas)
        metadataTtl = try container.decodeIfPresent(String.self, forKey: .metadataTtl)
        onStale = try container.decodeIfPresent(String.self, forKey: .onStale)
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case origin, options, credential, regions, write, replicas, metadataTtl, onStale

        static var names: [String] { allCases.map(\.rawValue) }
    }
}

/// One region of a ``MountRequest``: an object, or a bare string short for `{"origin":…}`.
///
/// `nil` members inherit the mount's.
package struct MountRegionRequest: Codable, Hashable, Sendable {
    @Nullable package var origin: String?
    @Nullable package var options: [String: String]?
    @Nullable package var credential: String?

    package init(
        origin: String? = nil,
        options: [String: String]? = nil,
        credential: String? = nil
    ) {
        self.origin = origin
        self.options = options
        self.credential = credential
    }

    package init(from decoder: any Decoder) throws {
        if let bare = try? decoder.singleValueContainer().decode(String.self) {
            self.init(origin: bare)
            return
        }
        try decoder.refuseMembers(except: CodingKeys.names, ignoring: ["originId"])
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            origin: try container.decodeIfPresent(String.self, forKey: .origin),
            options: try container.decodeIfPresent([String: String].self, forKey: .options),
            credential: try container.decodeIfPresent(String.self, forKey: .credential)
        )
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case origin, options, credential

        static var names: [String] { allCases.map(\.rawValue) }
    }
}
