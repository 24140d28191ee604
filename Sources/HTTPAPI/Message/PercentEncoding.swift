// SPDX-License-Identifier: Apache-2.0
import Primitives

/// Percent-encoding as requests carry it.
///
/// - Source: RFC 3986 §2.1; for `+`, the URL Standard, "application/x-www-form-urlencoded".
enum PercentEncoding {
    /// What a `+` stands for: itself in a path, a space in a query.
    enum PlusMeaning { case plus, space }

    /// Decodes every `%XX` exactly once and changes nothing else.
    ///
    /// `nil` where a `%` is not followed by two hex digits.
    static func decode(_ encoded: some Collection<UInt8>, plus: PlusMeaning) -> ByteString? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(encoded.count)
        var rest = encoded.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(hexDigit),
                    let low = rest.next().flatMap(hexDigit)
                else { return nil }
                decoded.append(high << 4 | low)
            case UInt8(ascii: "+") where plus == .space:
                decoded.append(UInt8(ascii: " "))
            default:
                decoded.append(byte)
            }
        }
        return ByteString(decoded)
    }
}
