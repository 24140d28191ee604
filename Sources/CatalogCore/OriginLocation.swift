// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// Where a mount's data lies: a parsed `s3://bucket/prefix` or `file:///directory`.
///
/// Spellings of one location that differ only in trailing or (for directories) repeated slashes are
/// equal values.
package enum OriginLocation: Hashable, Sendable {
    /// `prefix` is empty or ends with `/`; a key of the mount is `prefix + name`.
    case s3(bucket: String, prefix: ByteString)
    /// An absolute directory without a trailing `/` (except `/` itself).
    case directory(ByteString)

    /// Reads an origin URI as the mount table holds it.
    ///
    /// - Throws: ``CatalogRefusal/unknownScheme(_:)`` or ``CatalogRefusal/badValue(_:)``.
    package init(uri: String) throws(CatalogRefusal) {
        guard !uri.utf8.contains(0) else { throw .badValue("origin holds a NUL byte") }
        if let rest = uri.utf8.dropping(prefix: "s3://") {
            self = try Self.bucket(rest, in: uri)
        } else if let rest = uri.utf8.dropping(prefix: "file://") {
            self = try Self.directory(rest, in: uri)
        } else {
            let scheme = uri.utf8.prefix { $0 != UInt8(ascii: ":") }
            throw .unknownScheme(
                "'\(String(scheme) ?? uri)' of origin '\(uri)'; known: s3://, file://"
            )
        }
    }

    /// What precedes a mount-relative name in this origin's keys.
    package var keyPrefix: ByteString {
        switch self {
        case .s3(_, let prefix): prefix
        case .directory: ByteString()
        }
    }

    /// The URI of one name below this location; of the location itself where `name` is empty.
    ///
    /// Shown to people: bytes that are not UTF-8 read as U+FFFD.
    package func uri(of name: ByteString) -> String {
        switch self {
        case .s3(let bucket, let prefix):
            let key = prefix + name
            return key.isEmpty ? "s3://\(bucket)" : "s3://\(bucket)/\(key.text)"
        case .directory(let directory):
            let parent = directory == "/" ? "" : directory.text
            return name.isEmpty ? "file://\(directory.text)" : "file://\(parent)/\(name.text)"
        }
    }

    var scheme: OriginScheme {
        switch self {
        case .s3: .s3
        case .directory: .file
        }
    }

    private static func bucket(
        _ rest: Substring.UTF8View,
        in uri: String
    ) throws(CatalogRefusal) -> Self {
        let name = rest.prefix { $0 != slash }
        let isNameValid = name.allSatisfy { byte in
            byte.isASCIILetterOrDigit || "-._".utf8.contains(byte)
        }
        guard (1...255).contains(name.count), isNameValid, let bucket = String(name) else {
            throw .badValue("origin '\(uri)': write s3://BUCKET/PREFIX with a valid bucket name")
        }

        var prefix = ByteString(rest.dropFirst(name.count + 1))
        if !prefix.isEmpty, prefix.bytes.last != slash { prefix.bytes.append(slash) }
        return .s3(bucket: bucket, prefix: prefix)
    }

    private static func directory(
        _ rest: Substring.UTF8View,
        in uri: String
    ) throws(CatalogRefusal) -> Self {
        guard rest.first == slash else {
            throw .badValue("origin '\(uri)': write file:///absolute/directory")
        }
        // Split as bytes: as characters, a slash with a combining accent would hide a `..`.
        let components = rest.split(separator: slash).map { ByteString($0) }
        guard !components.contains(where: { $0 == "." || $0 == ".." }) else {
            throw .badValue("origin '\(uri)': '.' and '..' are not allowed in a directory")
        }
        return .directory(
            ByteString("/") + ByteString(components.map(\.bytes).joined(separator: [slash]))
        )
    }
}

extension String.UTF8View {
    fileprivate func dropping(prefix: String) -> Substring.UTF8View? {
        starts(with: prefix.utf8) ? dropFirst(prefix.utf8.count) : nil
    }
}
