// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1

/// All routes of this release, and the one that describes them.
package enum RouteTable {
    /// Makes the table.
    ///
    /// `version` is that of the build, shown in the document.
    package static func routes(version: String) -> [Route] {
        let described =
            ProcessRoutes.routes + ClusterRoutes.routes + VotingRoutes.routes + BackupRoutes.routes
            + WorkerRoutes.routes + LifeRoutes.routes + RingRoutes.routes + JobRoutes.routes
            + MountRoutes.routes
            + [MountHistoryRoute.route, SurveyRoute.route] + CredentialRoutes.routes
            + WatchRoutes.routes + ListRoutes.routes + FileRoutes.routes
        let document = OpenAPIDocument.make(described, version: version)
        return described + [OpenAPIRoute.route { _ in .json(document) }]
    }
}

/// `/v1/openapi.json`: what this release can be asked.
enum OpenAPIRoute {
    static func route(handler: @escaping Operation.Handler) -> Route {
        Route(
            "/v1/openapi.json",
            [
                Operation(
                    .GET,
                    "openapi",
                    "This document.",
                    answers: [.other("application/json", "An OpenAPI document.")],
                    handler: handler
                )
            ]
        )
    }
}
