// SPDX-License-Identifier: Apache-2.0

/// A piece of JSON whose shape is known only at run time.
package indirect enum JSONNode: Encodable, Hashable, Sendable {
    case string(String)
    case integer(Int)
    case boolean(Bool)
    case list([JSONNode])
    case object([String: JSONNode])

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .string(let text): try container.encode(text)
        case .integer(let number): try container.encode(number)
        case .boolean(let truth): try container.encode(truth)
        case .list(let items): try container.encode(items)
        case .object(let members): try container.encode(members)
        }
    }
}

extension JSONNode: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral text: String) { self = .string(text) }
    package init(booleanLiteral truth: Bool) { self = .boolean(truth) }
    package init(arrayLiteral items: JSONNode...) { self = .list(items) }

    package init(dictionaryLiteral members: (String, JSONNode)...) {
        self = .object(Dictionary(members, uniquingKeysWith: { _, last in last }))
    }
}
