// SPDX-License-Identifier: Apache-2.0
import APIModel
package import Primitives

/// The query of one request, read strictly against the names its route allows.
///
/// Values are form-decoded (`%XX`, and `+` is a space, as every client library writes it); a name
/// that is unknown or comes twice is an error, so that a typing mistake cannot pass for a default.
package struct QueryParameters: Sendable {
    private let values: [String: ByteString]

    /// Reads what stands behind the `?`.
    ///
    /// - Throws: `bad-value`; `bad-path` where the parameter `path` has a broken escape.
    package init(raw: [UInt8]?, allowed: [String]) throws(Problem) {
        var values: [String: ByteString] = [:]
        for pair in (raw ?? []).split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(
                separator: UInt8(ascii: "="),
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            let name = try Self.name(parts[0], allowed: allowed)
            guard let value = PercentEncoding.decode(parts.count == 2 ? parts[1] : [], plus: .space)
            else {
                let code: ProblemCode = name == "path" ? .badPath : .badValue
                throw Problem(code, "\(name): a '%' must be followed by two hex digits")
            }
            guard values.updateValue(value, forKey: name) == nil else {
                throw Problem(.badValue, "the parameter '\(name)' is given twice")
            }
        }
        self.values = values
    }

    /// The same text for the same parameters, in whatever order they came.
    var fingerprint: String {
        values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text)" }
            .joined(separator: "&")
    }

    /// The bytes of a parameter; `nil` if it was not given.
    package func bytes(_ name: String) -> ByteString? { values[name] }

    /// The bytes of a parameter that must be there.
    ///
    /// - Throws: `bad-value`.
    package func required(_ name: String) throws(Problem) -> ByteString {
        guard let value = values[name] else {
            throw Problem(.badValue, "the parameter '\(name)' is missing")
        }
        return value
    }

    /// The text of a parameter; `nil` if it was not given.
    ///
    /// - Throws: `bad-value` where it is not UTF-8.
    package func text(_ name: String) throws(Problem) -> String? {
        guard let value = values[name] else { return nil }
        guard let text = value.validText else {
            throw Problem(.badValue, "\(name): not UTF-8")
        }
        return text
    }

    /// A whole number in decimal digits; `nil` if it was not given.
    ///
    /// - Throws: `bad-value` for anything else, and outside `range`.
    package func number(
        _ name: String,
        in range: ClosedRange<UInt64> = 0...UInt64.max
    ) throws(Problem) -> UInt64? {
        guard let text = try text(name) else { return nil }
        guard let number = decimal(text), range.contains(number) else {
            throw Problem(
                .badValue,
                "\(name): '\(text.prefix(40))' is no whole number in "
                    + "\(range.lowerBound)...\(range.upperBound)"
            )
        }
        return number
    }

    /// One of a few words; `nil` if it was not given.
    ///
    /// - Throws: `bad-value` for any other.
    package func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String,
        of type: Choice.Type
    ) throws(Problem) -> Choice? {
        guard let text = try text(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let words = Choice.allCases.map(\.rawValue)
            throw Problem(
                .badValue,
                "\(name): '\(text.prefix(40))'; \(suggestion(for: text, among: words))"
            )
        }
        return choice
    }

    private static func name(
        _ encoded: ArraySlice<UInt8>,
        allowed: [String]
    ) throws(Problem) -> String {
        let name = PercentEncoding.decode(encoded, plus: .space)?.validText ?? ""
        guard allowed.contains(name) else {
            throw Problem(
                .badValue,
                "unknown parameter '\(name.prefix(40))'; \(suggestion(for: name, among: allowed))"
            )
        }
        return name
    }
}

/// Reads decimal digits and nothing else: no sign, no space, no separator.
func decimal(_ text: some StringProtocol) -> UInt64? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return UInt64(text)
}
