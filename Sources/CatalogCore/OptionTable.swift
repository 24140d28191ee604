// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Which kind of origin a URI's scheme stands for.
enum OriginScheme: UInt8, Sendable {
    case s3 = 0
    case file = 1

    var text: String {
        switch self {
        case .s3: "s3"
        case .file: "file"
        }
    }
}

/// One row of the table of mount options.
struct OptionRule: Sendable {
    enum Value: Sendable { case endpoint, name, boolean, absolutePath, bucketName, contentID }

    let key: String
    let value: Value
    let schemes: [OriginScheme]
    /// Whether a region may set it too.
    let isRegional: Bool

    /// Every option there is; `Docs/origins.md`.
    // swift-format-ignore
    static let all: [OptionRule] = [
        //         key             value                   schemes               in a region
        OptionRule("anonymous",    .boolean,               [.s3],                true),
        OptionRule("bucket-name",  .bucketName,            [.s3, .file],         false),
        OptionRule("ca-file",      .absolutePath,          [.s3],                true),
        OptionRule("content-id",   .contentID,             [.s3, .file],         true),
        OptionRule("endpoint",     .endpoint,              [.s3],                true),
        OptionRule("path-style",   .boolean,               [.s3],                true),
        OptionRule("region",       .name,                  [.s3],                true),
    ]

    private init(_ key: String, _ value: Value, _ schemes: [OriginScheme], _ isRegional: Bool) {
        self.key = key
        self.value = value
        self.schemes = schemes
        self.isRegional = isRegional
    }

    static func rule(for key: String) -> OptionRule? { all.first { isSame($0.key, key) } }
}

extension OptionRule.Value {
    /// What a right value looks like.
    var allowed: String {
        switch self {
        case .endpoint: "http://HOST[:PORT] or https://HOST[:PORT]"
        case .name: NameSyntax.rule
        case .boolean: "true or false"
        case .absolutePath: "an absolute path"
        case .bucketName: "3 to 63 lower-case letters, digits, '-' or '.', as S3 names buckets"
        case .contentID: "1 to 128 printable ASCII characters"
        }
    }

    func accepts(_ text: String) -> Bool {
        switch self {
        case .endpoint: EndpointURL(text) != nil
        case .name: NameSyntax.isValid(text)
        case .boolean: text == "true" || text == "false"
        case .absolutePath: text.utf8.first == slash && !text.utf8.contains(0)
        case .bucketName: isBucketName(text)
        case .contentID:
            (1...128).contains(text.utf8.count)
                && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        }
    }
}

/// Whether `text` can name a bucket of our S3 gateway.
///
/// - Source: Amazon S3 User Guide, "Bucket naming rules".
func isBucketName(_ text: String) -> Bool {
    func isEdge(_ byte: UInt8) -> Bool {
        byte.isASCIILetterOrDigit && !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
    guard (3...63).contains(text.utf8.count), let first = text.utf8.first,
        let last = text.utf8.last, isEdge(first), isEdge(last)
    else { return false }
    return text.utf8.allSatisfy { isEdge($0) || "-.".utf8.contains($0) }
}
