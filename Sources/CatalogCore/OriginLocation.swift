package import Primitives

/// Where a mount's data lies: a parsed `s3://bucket/prefix` or `file:///directory`.
///
/// Parsing accepts exactly one spelling of each location, so equal locations are equal values.
package enum OriginLocation: Hashable, Sendable {
    /// `prefix` is empty or ends with `/`; a key of the mount is `prefix + name`.
    case s3(bucket: String, prefix: ByteString)
    /// An absolute directory without a trailing `/` (except `/` itself).
    case directory(ByteString)

    /// Reads an origin URI as the mount table holds it.
    ///
    /// - Throws: ``CatalogRefusal/unknownScheme(_:)`` or ``CatalogRefusal/badValue(_:)``.
    package init(uri: String) throws(CatalogRefusal) {
        if let rest = uri.dropping(prefix: "s3://") {
            self = try Self.bucket(rest, in: uri)
        } else if let rest = uri.dropping(prefix: "file://") {
            self = try Self.directory(rest, in: uri)
        } else {
            let scheme = uri.split(separator: ":", maxSplits: 1).first.map(String.init) ?? uri
            throw .unknownScheme(scheme)
        }
    }

    /// What precedes a mount-relative name in this origin's keys.
    package var keyPrefix: ByteString {
        switch self {
        case .s3(_, let prefix): prefix
        case .directory: ByteString()
        }
    }

    private static func bucket(_ rest: String, in uri: String) throws(CatalogRefusal) -> Self {
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let bucket = String(parts[0])
        let isNameValid = bucket.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
                || byte == UInt8(ascii: "_")
        }
        guard (1...255).contains(bucket.utf8.count), isNameValid else {
            throw .badValue("origin '\(uri)': '\(bucket)' is not a bucket name")
        }

        var prefix = parts.count == 2 ? String(parts[1]) : ""
        if !prefix.isEmpty, !prefix.hasSuffix("/") { prefix += "/" }
        return .s3(bucket: bucket, prefix: ByteString(prefix))
    }

    private static func directory(_ rest: String, in uri: String) throws(CatalogRefusal) -> Self {
        guard rest.hasPrefix("/") else {
            throw .badValue("origin '\(uri)': write file:///absolute/directory")
        }
        let components = rest.split(separator: "/", omittingEmptySubsequences: true)
        guard !components.contains(where: { $0 == "." || $0 == ".." }) else {
            throw .badValue("origin '\(uri)': '.' and '..' are not allowed in a directory")
        }
        return .directory(ByteString("/" + components.joined(separator: "/")))
    }
}

extension String {
    fileprivate func dropping(prefix: String) -> String? {
        utf8.starts(with: prefix.utf8) ? String(dropFirst(prefix.count)) : nil
    }
}
