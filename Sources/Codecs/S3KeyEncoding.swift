// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// Percent-encoding of keys, names and values as S3 signs and answers them.
///
/// Works on bytes: a key is what the store says it is, whatever its Unicode form.
/// - Source: RFC 3986 §2.3 (unreserved characters); "Create a signed AWS API request", `UriEncode`.
package enum S3KeyEncoding {
    /// What becomes of `/`.
    package enum Slash: Sendable {
        /// Kept: keys in a request's path.
        case kept
        /// `%2F`: names and values in a query.
        case encoded
    }

    /// Everything but the unreserved characters as `%XX`, upper case.
    package static func encoded(_ bytes: some Sequence<UInt8>, slash: Slash) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            if isUnreserved(byte) || (slash == .kept && byte == UInt8(ascii: "/")) {
                text.append(byte)
            } else {
                text.append(UInt8(ascii: "%"))
                text.append(upperCaseDigits[Int(byte >> 4)])
                text.append(upperCaseDigits[Int(byte & 15)])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads what a store wrote under `encoding-type=url`: `%XX` of either case, `+` for a space.
    ///
    /// S3 answers `a+b` for the key `a b` and `a%2Bb` for `a+b`; stores that write `%20` for a space
    /// write `%2B` too, so this reads both.
    /// - Returns: `nil` where a `%` is not followed by two hex digits.
    package static func decoded(_ text: some Sequence<UInt8>) -> ByteString? {
        var bytes: [UInt8] = []
        var iterator = text.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "+"):
                bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(hexDigit),
                    let low = iterator.next().flatMap(hexDigit)
                else { return nil }
                bytes.append(high << 4 | low)
            default:
                bytes.append(byte)
            }
        }
        return ByteString(bytes)
    }

    private static let upperCaseDigits = Array("0123456789ABCDEF".utf8)

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default:
            false
        }
    }
}
