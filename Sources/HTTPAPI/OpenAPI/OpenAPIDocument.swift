// SPDX-License-Identifier: Apache-2.0
import APIModel
import NIOHTTP1

/// The OpenAPI document, made from the very table that requests are routed by.
///
/// - Source: OpenAPI Specification 3.1.1.
package enum OpenAPIDocument {
    /// Describes `routes`, and the route of the document itself.
    static func make(_ routes: [Route], version: String) -> JSONNode {
        let all = routes + [OpenAPIRoute.route { _ in .json("") }]
        return [
            "openapi": "3.1.1",
            "info": [
                "title": "Tarn worker",
                "version": .string(version),
                "summary": "One worker of a Tarn cluster; any worker answers any call.",
                "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
            ],
            "paths": .object(
                Dictionary(
                    all.map { ($0.pattern, path($0)) },
                    uniquingKeysWith: { _, last in last }
                )
            ),
            "components": [
                "schemas": .object(
                    Dictionary(
                        Schema.all.map { ($0.name, $0.node) },
                        uniquingKeysWith: { _, last in last }
                    )
                )
            ],
        ]
    }

    private static func path(_ route: Route) -> JSONNode {
        var members: [String: JSONNode] = [:]
        for operation in route.operations {
            members[operation.method.rawValue.lowercased()] = node(operation)
            guard operation.method == .GET else { continue }
            members["head"] = node(operation, isHead: true)
        }
        return .object(members)
    }

    private static func node(_ operation: Operation, isHead: Bool = false) -> JSONNode {
        var members: [String: JSONNode] = [
            "operationId": .string(isHead ? operation.id + "Head" : operation.id),
            "summary": .string(
                isHead ? "As GET, without the body." : operation.summary
            ),
            "parameters": .list(operation.parameters.map(node)),
            "responses": responses(operation, isHead: isHead),
        ]
        if let schema = operation.requestSchema {
            members["requestBody"] = [
                "required": .boolean(Schema.named(schema).members.contains(where: \.isRequired)),
                "content": ["application/json": ["schema": reference(schema)]],
            ]
        }
        return .object(members)
    }

    private static func node(_ parameter: Operation.Parameter) -> JSONNode {
        [
            "name": .string(parameter.name),
            "in": .string(parameter.place.rawValue),
            "required": .boolean(parameter.isRequired),
            "description": .string(parameter.summary),
            "schema": ["type": .string(parameter.type)],
        ]
    }

    private static func responses(_ operation: Operation, isHead: Bool) -> JSONNode {
        var members: [String: JSONNode] = [
            "default": [
                "description": "An error.",
                "content": ["application/problem+json": ["schema": reference("problem")]],
            ]
        ]
        for answer in operation.answers {
            var node: [String: JSONNode] = ["description": .string(answer.summary)]
            if !answer.mediaType.isEmpty, !isHead {
                let schema = answer.schema.map { ["schema": reference($0)] as JSONNode }
                node["content"] = .object([answer.mediaType: schema ?? [:]])
            }
            members[String(answer.status)] = .object(node)
        }
        return .object(members)
    }

    fileprivate static func reference(_ schema: String) -> JSONNode {
        ["$ref": .string("#/components/schemas/\(schema)")]
    }
}

extension Schema {
    fileprivate var node: JSONNode {
        [
            "type": "object",
            "properties": .object(
                Dictionary(
                    members.map { ($0.name, $0.node) },
                    uniquingKeysWith: { _, last in last }
                )
            ),
            "required": .list(members.filter(\.isRequired).map { .string($0.name) }),
        ]
    }
}

extension Schema.Member {
    fileprivate var node: JSONNode {
        guard !summary.isEmpty, case .object(var members) = kind.node else { return kind.node }
        members["description"] = .string(summary)
        return .object(members)
    }
}

extension Schema.Kind {
    fileprivate var node: JSONNode {
        switch self {
        case .string: ["type": "string"]
        case .integer: ["type": "integer"]
        case .number: ["type": "number"]
        case .boolean: ["type": "boolean"]
        case .named(let name): OpenAPIDocument.reference(name)
        case .list(let kind): ["type": "array", "items": kind.node]
        case .map(let kind): ["type": "object", "additionalProperties": kind.node]
        case .nullable(let kind): ["anyOf": [kind.node, ["type": "null"]]]
        case .either(let first, let second): ["anyOf": [first.node, second.node]]
        case .words(let words): ["type": "string", "enum": .list(words.map { .string($0) })]
        }
    }
}
