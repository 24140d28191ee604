// SPDX-License-Identifier: Apache-2.0
import APIModel
import NIOHTTP1
import Primitives

/// Finds the route of a target among a few dozen, segment by segment of the raw path.
package struct Router: Sendable {
    /// What a path holds where its pattern has names.
    typealias Captures = [String: ByteString]

    package let routes: [Route]
    /// Where in ``routes`` a path without names belongs: what is asked most, looked up at once.
    private let literals: [[UInt8]: Int]

    package init(routes: [Route]) {
        self.routes = routes
        var literals: [[UInt8]: Int] = [:]
        for (index, route) in routes.enumerated() {
            let path = Array(route.pattern.utf8)
            let segments = Self.segments(of: path)
            let first = routes.firstIndex {
                Self.captures(of: segments, along: $0.segments) != nil
            }
            if route.isLiteral, first == index { literals[path] = index }
        }
        self.literals = literals
    }

    /// The route that `target` belongs to, and what its path holds.
    ///
    /// - Throws: `bad-path` for a broken escape in a capture, `not-found` for a path without a route.
    func match(_ target: RequestTarget) throws(Problem) -> (Route, Captures) {
        if let index = literals[target.rawPath] { return (routes[index], [:]) }
        let given = target.rawSegments
        for route in routes {
            guard let raw = Self.captures(of: given, along: route.segments) else { continue }
            var captures: Captures = [:]
            for (name, bytes) in raw {
                guard let value = PercentEncoding.decode(bytes, plus: .plus) else {
                    throw Problem(.badPath, "a '%' in the path must be followed by two hex digits")
                }
                captures[name] = value
            }
            return (route, captures)
        }
        throw Problem(
            .notFound,
            "there is nothing at \(ByteString(target.rawPath.prefix(200))); "
                + "GET /v1/openapi.json describes what there is"
        )
    }

    private static func segments(of path: [UInt8]) -> [ArraySlice<UInt8>] {
        Array(
            path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
        )
    }

    private static func captures(
        of given: [ArraySlice<UInt8>],
        along pattern: [Route.Segment]
    ) -> [(String, [UInt8])]? {
        var captures: [(String, [UInt8])] = []
        for (index, segment) in pattern.enumerated() {
            guard index < given.count else { return nil }
            switch segment {
            case .literal(let text):
                guard given[index].elementsEqual(text.utf8) else { return nil }
            case .capture(let name):
                guard !given[index].isEmpty else { return nil }
                captures.append((name, Array(given[index])))
            case .tail(let name):
                let rest = given[index...].flatMap { [UInt8(ascii: "/")] + $0 }
                return captures + [(name, rest)]
            }
        }
        return given.count == pattern.count ? captures : nil
    }
}
