// SPDX-License-Identifier: Apache-2.0

/// An error document: what the store itself calls the error.
///
/// - Source: Amazon S3 API reference, "Error responses"; STS wraps the same in `ErrorResponse`.
package struct S3ErrorXML: Sendable, Equatable {
    /// For example `NoSuchKey`; at most 64 letters and digits, so that it can stand in a log.
    package let code: String
    /// Where the bucket really is, in answers to a request sent to another region.
    package let region: String?

    package init(code: String, region: String?) {
        self.code = code
        self.region = region
    }

    /// `nil` for anything but an error document: an answer from something else on the way.
    package init?(document: [UInt8]) {
        guard var root = try? S3XMLElement(document: document) else { return nil }
        if root.name == "ErrorResponse",
            let inner = root.children.first(where: { $0.name == "Error" })
        {
            root = inner
        }
        guard root.name == "Error", let code = root.text("Code"), Self.isPlain(code) else {
            return nil
        }
        self.code = code
        region = root.text("Region").flatMap { Self.isPlain($0) ? $0 : nil }
    }

    private static func isPlain(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            }
    }
}
