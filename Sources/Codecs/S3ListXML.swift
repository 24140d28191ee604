// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// An answer to ListObjectsV2.
///
/// - Source: Amazon S3 API reference, ListObjectsV2, response syntax.
package struct S3ListXML: Sendable, Equatable {
    package struct Object: Sendable, Equatable {
        package let key: ByteString
        /// In bytes.
        package let size: UInt64
        /// Seconds since 1970.
        package let modifiedUnixSeconds: Int64
        /// As the store sent it, quotes included; empty if it sent none.
        package let eTag: String

        package init(key: ByteString, size: UInt64, modifiedUnixSeconds: Int64, eTag: String) {
            self.key = key
            self.size = size
            self.modifiedUnixSeconds = modifiedUnixSeconds
            self.eTag = eTag
        }
    }

    package private(set) var objects: [Object] = []
    package private(set) var prefixes: [ByteString] = []
    /// The token that continues the listing; `nil` on the last page.
    package private(set) var nextToken: String?

    /// Objects and prefixes together: S3 sends at most 1000.
    package static let entryLimit = 10_000

    private var isURLEncoded = false

    /// Reads a whole document.
    ///
    /// Keys are percent-decoded only where the document itself says `EncodingType` is `url`: stores
    /// that ignore the wish send them raw.
    /// - Throws: ``S3XMLError``; an error document (root `Error`) is ``S3XMLError/unexpected(element:)``.
    package init(document: [UInt8]) throws(S3XMLError) {
        let root = try S3XMLElement(document: document)
        guard root.name == "ListBucketResult" else { throw .unexpected(element: root.name) }

        isURLEncoded = root.child("EncodingType") == Array("url".utf8)
        for element in root.children {
            guard objects.count + prefixes.count < Self.entryLimit else {
                throw .unexpected(element: element.name)
            }
            switch element.name {
            case "Contents": objects.append(try object(element))
            case "CommonPrefixes":
                for child in element.children where child.name == "Prefix" {
                    prefixes.append(try key(child))
                }
            default: break
            }
        }
        nextToken = try continuation(root)
    }

    // MARK: - Parts

    private func continuation(_ root: S3XMLElement) throws(S3XMLError) -> String? {
        guard root.text("IsTruncated") == "true" else { return nil }
        guard let token = root.text("NextContinuationToken"), !token.isEmpty else {
            throw .unexpected(element: "NextContinuationToken")
        }
        return token
    }

    private func object(_ element: S3XMLElement) throws(S3XMLError) -> Object {
        guard let name = element.children.first(where: { $0.name == "Key" }) else {
            throw .unexpected(element: "Key")
        }
        guard let size = element.text("Size").flatMap({ UInt64($0) }) else {
            throw .unexpected(element: "Size")
        }
        guard let modified = element.text("LastModified").flatMap(S3Timestamp.iso8601) else {
            throw .unexpected(element: "LastModified")
        }
        return Object(
            key: try key(name),
            size: size,
            modifiedUnixSeconds: modified,
            eTag: element.text("ETag") ?? ""
        )
    }

    private func key(_ element: S3XMLElement) throws(S3XMLError) -> ByteString {
        guard isURLEncoded else { return ByteString(element.content) }
        guard let key = S3KeyEncoding.decoded(element.content) else {
            throw .unexpected(element: element.name)
        }
        return key
    }
}
