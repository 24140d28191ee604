// SPDX-License-Identifier: Apache-2.0

/// Scheme, host and port of a store: `https://s3.example.org:9000`.
package struct S3Endpoint: Hashable, Sendable {
    /// `http` or `https`.
    package let scheme: String
    /// Host and port as the `Host` header has them, the scheme's own port left out.
    package let authority: String

    /// - Throws: ``OriginError/misconfigured(_:)`` for anything but scheme, host and port.
    package init(_ text: String) throws(OriginError) {
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, ["http", "https"].contains(parts[0].lowercased()) else {
            throw Self.wrong(text, "write http://host:port or https://host:port")
        }
        let rest = parts[1].hasSuffix("/") ? parts[1].dropLast() : parts[1]
        guard !rest.isEmpty, rest.utf8.allSatisfy(Self.isAuthorityByte) else {
            throw Self.wrong(text, "host and port only, no path, user or query")
        }
        scheme = parts[0].lowercased()
        authority = try Self.authority(rest.lowercased(), scheme: scheme, in: text)
    }

    /// Amazon's endpoint of a region.
    package init(region: String) {
        scheme = "https"
        authority = "s3.\(region).amazonaws.com" + (region.hasPrefix("cn-") ? ".cn" : "")
    }

    private init(scheme: String, authority: String) {
        self.scheme = scheme
        self.authority = authority
    }

    /// The endpoint of one bucket by host name.
    package func host(ofBucket bucket: String) -> S3Endpoint {
        S3Endpoint(scheme: scheme, authority: "\(bucket).\(authority)")
    }

    private static func authority(
        _ text: String,
        scheme: String,
        in whole: String
    ) throws(OriginError) -> String {
        let hostEnd = text.lastIndex(of: "]").map(text.index(after:)) ?? text.startIndex
        guard let colon = text[hostEnd...].lastIndex(of: ":") else { return text }

        guard let port = UInt16(text[text.index(after: colon)...]), port > 0,
            colon > text.startIndex, text[hostEnd..<colon].firstIndex(of: ":") == nil
        else { throw wrong(whole, "the port is a number from 1 to 65535") }
        let isDefault = port == (scheme == "https" ? 443 : 80)
        return isDefault ? String(text[..<colon]) : "\(text[..<colon]):\(port)"
    }

    private static func isAuthorityByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || "-._:[]".utf8.contains(byte)
    }

    private static func wrong(_ text: String, _ why: String) -> OriginError {
        .misconfigured("option endpoint: '\(text)': \(why)")
    }
}
