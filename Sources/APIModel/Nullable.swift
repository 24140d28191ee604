// SPDX-License-Identifier: Apache-2.0

/// An optional member that is written as `null` instead of being left out.
///
/// Readers of these documents look members up by name: that absent means null is only
/// simple for them when the name is always there. Decoding takes both forms.
@propertyWrapper
package struct Nullable<Value> {
    /// The value, `nil` for `null` or a member that is absent.
    package var wrappedValue: Value?

    /// Wraps a value; called by the compiler.
    package init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }
}

extension Nullable: Sendable where Value: Sendable {}
extension Nullable: Equatable where Value: Equatable {}
extension Nullable: Hashable where Value: Hashable {}

extension Nullable: Encodable where Value: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let wrappedValue {
            try container.encode(wrappedValue)
        } else {
            try container.encodeNil()
        }
    }
}

extension Nullable: Decodable where Value: Decodable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self.init(wrappedValue: container.decodeNil() ? nil : try container.decode(Value.self))
    }
}

extension KeyedDecodingContainer {
    /// Chosen by synthesised decoding over the generic `decode`: an absent member reads as `nil`.
    package func decode<Value: Decodable>(
        _ type: Nullable<Value>.Type,
        forKey key: Key
    ) throws -> Nullable<Value> {
        Nullable(wrappedValue: try decodeIfPresent(Value.self, forKey: key))
    }
}
