// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Coordination
import NIOCore
import NIOHTTP1
import Primitives

/// `/v1/watch`: ordered changes as lines of JSON, without an end.
enum WatchRoutes {
    static let routes = [
        Route(
            "/v1/watch",
            [
                Operation(
                    .GET,
                    "watch",
                    "Changes of the catalog as newline-delimited JSON, in revision order, none "
                        + "missing, none twice; a progress line at least every 5 s.",
                    work: .trickle,
                    parameters: [
                        .query("from", "First revision wanted, inclusive.", type: "integer"),
                        .query("state", "true: first a line for each live key; without from."),
                        .query("prefix", "Only keys that begin with this."),
                        Shared.minimum,
                    ],
                    answers: [.other("application/x-ndjson", "Lines.")],
                    handler: watch
                )
            ]
        )
    ]

    private enum Choice: String, CaseIterable { case yes = "true", no = "false" }

    @Sendable private static func watch(_ call: Call) async throws(Problem) -> APIResponse {
        let from = try call.query.number("from")
        let includesState = try call.query.choice("state", of: Choice.self) == .yes
        guard from == nil || !includesState else {
            throw Problem(.badValue, "from and state=true exclude each other")
        }
        let request = WatchRequest(
            from: from.map(Revision.init),
            includesState: includesState,
            prefix: call.query.bytes("prefix") ?? ByteString()
        )

        let view = try await call.localView()
        let stream: any WatchStream
        do {
            stream = try call.coordination.watch(request)
        } catch {
            throw Problem(error)
        }
        let body = WatchBody(
            stream: stream,
            lines: call.watchLines,
            signal: call.signal,
            begin: ResumePoint(request, head: view.catalog.revision)
        )
        var answer = APIResponse(
            status: .ok,
            headers: ["Content-Type": "application/x-ndjson", "Cache-Control": "no-store"],
            body: .stream(length: nil) { write in try await body.send(to: write) }
        )
        answer.work = .brief  // A line at a time; only the state before them may be long.
        return answer.describing(view, region: call.dependencies.region)
    }
}
