// SPDX-License-Identifier: Apache-2.0
package import CatalogCore

/// The options of a mount that concern an S3 origin; all others are somebody else's.
package struct S3Options: Hashable, Sendable {
    /// Where the store is; `nil`: Amazon's endpoint of the region.
    package let endpoint: S3Endpoint?
    /// What requests are signed for.
    package let region: String
    /// `true`: the bucket stands in the path; `false`: in the host name.
    package let isPathStyle: Bool
    /// `true`: nothing is signed.
    package let isAnonymous: Bool
    /// PEM file with further roots that the store's certificate may come from.
    package let caFile: String?

    /// - Throws: ``OriginError/misconfigured(_:)`` naming option and value.
    package init(_ options: [MountOption]) throws(OriginError) {
        func value(_ key: String) -> String? { options.last { $0.key == key }?.value }

        endpoint = if let text = value("endpoint") { try S3Endpoint(text) } else { nil }
        region = value("region") ?? "us-east-1"
        guard Self.isRegion(region) else {
            throw .misconfigured("option region: '\(region)' is not a region's name")
        }
        isPathStyle = try Self.flag("path-style", value("path-style")) ?? (endpoint != nil)
        isAnonymous = try Self.flag("anonymous", value("anonymous")) ?? false
        caFile = value("ca-file")
    }

    private static func flag(_ key: String, _ value: String?) throws(OriginError) -> Bool? {
        switch value {
        case nil: nil
        case "true": true
        case "false": false
        case .some(let other):
            throw .misconfigured("option \(key): '\(other)' is neither true nor false")
        }
    }

    /// It becomes part of a host name and of a signature.
    private static func isRegion(_ text: String) -> Bool {
        (1...63).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            }
    }
}
