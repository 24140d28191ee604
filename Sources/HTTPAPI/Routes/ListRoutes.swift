// SPDX-License-Identifier: Apache-2.0
import APIModel
import ClientRuntime
import NIOHTTP1
import Primitives

/// `/v1/list` and `/v1/locate`: what files there are, and where their bytes belong.
///
/// Both ask the local replica, as everything about files does.
enum ListRoutes {
    static let routes = [
        Route(
            "/v1/list",
            [
                Operation(
                    .GET,
                    "listDirectory",
                    "One page of a directory, in bytewise order, directories compared with a "
                        + "trailing slash.",
                    parameters: [
                        .query("path", "Cluster path of the directory.", required: .mandatory),
                        .query(
                            "limit",
                            "Entries a page, 1...10000; default 1000.",
                            type: "integer"
                        ),
                        .query("after", "The member next of the page before."), Shared.minimum,
                    ],
                    answers: [.json("list", "Entries.")],
                    handler: list
                )
            ]
        ),
        Route(
            "/v1/locate",
            [
                Operation(
                    .GET,
                    "locate",
                    "Which workers own the unit that holds a byte of a file, and who has it.",
                    parameters: [
                        .query("path", "Cluster path of the file.", required: .mandatory),
                        .query("offset", "Byte; default 0.", type: "integer"), Shared.minimum,
                    ],
                    answers: [.json("locate", "Owners.")],
                    handler: locate
                )
            ]
        ),
        Route(
            "/v1/locality",
            [
                Operation(
                    .GET,
                    "locality",
                    "Which workers of this region hold most of a file, or of the files directly in a "
                        + "directory: where a job on them runs best.",
                    parameters: [
                        .query("path", "Cluster path.", required: .mandatory), Shared.minimum,
                    ],
                    answers: [.json("locality", "Workers by cached bytes.")],
                    handler: locality
                )
            ]
        ),
    ]

    @Sendable private static func list(_ call: Call) async throws(Problem) -> APIResponse {
        let path = try call.clusterPath()
        let limit = try call.pageLimit()
        var after: ByteString?
        if let cursor = call.query.bytes("after") {
            guard let name = ListCursor.name(of: cursor) else {
                throw Problem(.badValue, "after: not what 'next' of a page was")
            }
            after = name
        }
        let view = try await call.localView()
        do {
            let page = try await call.dependencies.files.list(path, after: after, limit: limit)
            return APIResponse.json(ListDocument(page, of: path))
                .describing(view, region: call.dependencies.region)
        } catch {
            throw Problem(error, path: path.text)
        }
    }

    @Sendable private static func locality(_ call: Call) async throws(Problem) -> APIResponse {
        let path = try call.clusterPath()
        let view = try await call.localView()
        do {
            let locality = try await call.dependencies.locator.locality(of: path)
            return APIResponse.json(LocalityDocument(locality))
                .describing(view, region: call.dependencies.region)
        } catch {
            throw Problem(error, path: path.text)
        }
    }

    @Sendable private static func locate(_ call: Call) async throws(Problem) -> APIResponse {
        let path = try call.clusterPath()
        let offset = try call.query.number("offset") ?? 0
        let view = try await call.localView()
        do {
            let location = try await call.dependencies.locator.locate(path, offset: offset)
            return APIResponse.json(LocateDocument(location))
                .describing(view, region: call.dependencies.region)
        } catch {
            throw Problem(error, path: path.text)
        }
    }
}
