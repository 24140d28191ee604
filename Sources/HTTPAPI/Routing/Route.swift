// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1

/// One path of the API with what may be done to it: the single source of routing, of the label
/// `route` and of the OpenAPI document.
package struct Route: Sendable {
    /// One piece of a path pattern.
    enum Segment: Hashable, Sendable {
        case literal(String)
        /// `{name}`: one segment, percent-decoded.
        case capture(String)
        /// `{name...}`: everything from the slash before it on, encoded slashes included, decoded once.
        case tail(String)
    }

    /// As OpenAPI writes it, `/v1/workers/{name}`; the tail is written like a capture.
    package let pattern: String
    let segments: [Segment]
    package let operations: [Operation]

    /// Reads a pattern, the last segment of which may be `{name...}`.
    init(_ pattern: String, _ operations: [Operation]) {
        self.pattern = pattern.replacing("...}", with: "}")
        segments = pattern.split(separator: "/").map { Segment(String($0)) }
        self.operations = operations
    }

    /// Whether the pattern is a path and has no names.
    var isLiteral: Bool {
        segments.allSatisfy { if case .literal = $0 { true } else { false } }
    }

    /// Methods for `Allow`; GET brings HEAD with it.
    package var allowedMethods: [String] {
        operations.flatMap { $0.method == .GET ? ["GET", "HEAD"] : [$0.method.rawValue] }
    }

    func operation(for method: HTTPMethod) -> Operation? {
        let wanted = method == .HEAD ? .GET : method
        return operations.first { $0.method == wanted }
    }
}

extension Route.Segment {
    fileprivate init(_ text: String) {
        guard text.hasPrefix("{"), text.hasSuffix("}") else {
            self = .literal(text)
            return
        }
        let name = text.dropFirst().dropLast()
        self = name.hasSuffix("...") ? .tail(String(name.dropLast(3))) : .capture(String(name))
    }
}
