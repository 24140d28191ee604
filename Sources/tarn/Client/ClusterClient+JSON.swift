// SPDX-License-Identifier: Apache-2.0

import APIModel
import Foundation
import NIOCore
import NIOHTTP1
import Primitives

/// A document with the bytes it came in, for `-o json`: nothing a newer worker adds gets lost.
struct Answered<Document: Sendable>: Sendable {
    let document: Document
    let bytes: [UInt8]
    let status: Int
    /// How old the catalog was at most that it was answered from, in milliseconds; `nil`: not said.
    var stalenessMS: UInt64?
}

extension ClusterClient {
    /// Calls and decodes.
    func read<Document: Decodable & Sendable>(
        _ call: APICall,
        as type: Document.Type = Document.self,
        within: Timespan? = nil
    ) async throws(CommandFailure) -> Answered<Document> {
        let answer = try await self.call(call, within: within)
        return Answered(
            document: try Self.decode(type, from: answer),
            bytes: Array(answer.body.readableBytesView),
            status: answer.status,
            stalenessMS: answer.headers.first(name: "Tarn-Staleness-Ms").flatMap { UInt64($0) }
        )
    }

    /// Writes a JSON body and decodes the answer.
    func write<Document: Decodable & Sendable>(
        _ method: HTTPMethod,
        _ target: String,
        headers: [(name: String, value: String)] = [],
        body: (some Encodable)?,
        as type: Document.Type = Document.self,
        within: Timespan? = nil
    ) async throws(CommandFailure) -> Answered<Document> {
        var call = APICall(method: method, target: target, headers: headers)
        if let body { call.body = try Self.encode(body) }
        return try await read(call, as: type, within: within)
    }

    /// Every page of a list, in order.
    func list<Item: Codable & Sendable>(
        _ target: String,
        of type: Item.Type
    ) async throws(CommandFailure) -> (items: [Item], raw: [JSONValue]) {
        var items: [Item] = []
        var raw: [JSONValue] = []
        var after: String?
        let separator = target.contains("?") ? "&" : "?"
        while true {
            let cursor = after.map { "\(separator)after=\(PercentEncoding.query($0))" } ?? ""
            let answer = try await call(.get(target + cursor))
            let page = try Self.decode(Page<Item>.self, from: answer)
            let whole = try Self.decode(Page<JSONValue>.self, from: answer)
            items += page.items
            raw += whole.items
            guard let next = page.next else { return (items, raw) }
            guard next != after else {
                throw .badAnswer("\(answer.address) answers the same page again and again")
            }
            after = next
        }
    }

    static func decode<Document: Decodable>(
        _ type: Document.Type,
        from answer: APIAnswer
    ) throws(CommandFailure) -> Document {
        do {
            return try JSONDecoder().decode(type, from: Data(answer.body.readableBytesView))
        } catch let error as DecodingError {
            throw .badAnswer("the answer of \(answer.address): \(error.apiDetail)")
        } catch {
            throw .badAnswer("the answer of \(answer.address) is no JSON")
        }
    }

    static func encode(_ body: some Encodable) throws(CommandFailure) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(body))
        } catch {
            throw .usage("a value cannot be written as JSON")
        }
    }
}

/// Any JSON value, kept as it came but for the order of members.
enum JSONValue: Codable, Sendable, Hashable {
    case null
    case boolean(Bool)
    case whole(Int64)
    case large(UInt64)
    case number(Double)
    case text(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .whole(value)
        } else if let value = try? container.decode(UInt64.self) {
            self = .large(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .boolean(let value): try container.encode(value)
        case .whole(let value): try container.encode(value)
        case .large(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}
