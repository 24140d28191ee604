// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// A name in JSON, such as the member `next` of a listing, which comes back as `after`.
///
/// The name as it is, so that people can write one, and of a directory with a `/` behind it; a name that
/// JSON cannot carry, or that looks like the escape itself, as U+0001 and its bytes in hex. Without that,
/// a page that ends with such a name would be followed by itself for ever.
package enum ListCursor {
    private static let mark = "\u{1}"

    /// The name as JSON carries it.
    package static func text(of name: ByteString) -> String {
        guard let text = name.validText, !text.hasPrefix(mark) else {
            return mark + hexText(name.bytes)
        }
        return text
    }

    /// `nil`: not a cursor that ``text(of:)`` makes.
    package static func name(of text: ByteString) -> ByteString? {
        guard text.bytes.first == 1 else { return text }
        let digits = text.bytes.dropFirst().map(hexDigit)
        guard digits.count.isMultiple(of: 2), !digits.contains(nil) else { return nil }
        let values = digits.compactMap { $0 }
        return ByteString(
            stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
        )
    }
}
