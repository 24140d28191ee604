// SPDX-License-Identifier: Apache-2.0

extension Decoder {
    /// Throws for the first member, in bytewise order, that is neither known nor to be read over.
    ///
    /// - Throws: `DecodingError.dataCorrupted`, naming the member and what is allowed.
    func refuseMembers(except known: [String], ignoring readOver: [String] = []) throws {
        let container = try container(keyedBy: AnyCodingKey.self)
        let strangers = container.allKeys.map(\.stringValue)
            .filter { !known.contains($0) && !readOver.contains($0) }
        guard let stranger = strangers.min() else { return }

        throw DecodingError.dataCorrupted(
            DecodingError.Context(
                codingPath: codingPath,
                debugDescription:
                    "unknown member '\(stranger)'; allowed: \(known.joined(separator: ", "))"
            )
        )
    }
}

/// A key known only at run time.
struct AnyCodingKey: CodingKey {
    let stringValue: String
    let intValue: Int? = nil

    init(stringValue: String) { self.stringValue = stringValue }

    init?(intValue: Int) { nil }
}

extension DecodingError {
    /// One line for `detail`: which member, and what is wrong with it.
    package var apiDetail: String {
        switch self {
        case .typeMismatch(let type, let context):
            "\(context.place): must be a \(Self.jsonName(of: type))"
        case .valueNotFound(let type, let context):
            "\(context.place): null, must be a \(Self.jsonName(of: type))"
        case .keyNotFound(let key, let context):
            "\(context.place): '\(key.stringValue)' is missing"
        case .dataCorrupted(let context):
            "\(context.place): \(context.debugDescription)"
        @unknown default:
            "the body cannot be read"
        }
    }

    private static func jsonName(of type: any Any.Type) -> String {
        switch type {
        case is String.Type: "string"
        case is Bool.Type: "boolean"
        case is Int.Type, is UInt64.Type, is Double.Type: "number"
        default: "JSON value of another type"
        }
    }
}

extension DecodingError.Context {
    fileprivate var place: String {
        codingPath.isEmpty ? "body" : codingPath.map(\.stringValue).joined(separator: ".")
    }
}
