// SPDX-License-Identifier: Apache-2.0
import Primitives

/// What tells two versions of an object apart.
enum S3Version {
    /// The ETag without its quotes; size and time where a store sends none.
    ///
    /// Listings and answers quote ETags differently in some stores, so quotes do not count.
    static func of(eTag: String, size: UInt64, modifiedUnixSeconds: Int64) -> ByteString {
        var bytes = Array(eTag.utf8)[...]
        let quote = UInt8(ascii: "\"")
        if bytes.count >= 2, bytes.first == quote, bytes.last == quote {
            bytes = bytes.dropFirst().dropLast()
        }
        return bytes.isEmpty
            ? ByteString("size=\(size),modified=\(modifiedUnixSeconds)") : ByteString(bytes)
    }

    /// The value of `If-Match`; `nil` where the version is no ETag that can be compared strongly.
    static func condition(_ version: ByteString) -> String? {
        guard let text = version.validText, !text.hasPrefix("size="), !text.hasPrefix("W/"),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 < 0x7F })
        else { return nil }
        return "\"\(text)\""
    }
}
