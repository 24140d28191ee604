// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Coordination
import NIOHTTP1
import Primitives

/// `/v1/mount/history`: what was at a path before.
enum MountHistoryRoute {
    static let route = Route(
        "/v1/mount/history",
        [
            Operation(
                .GET,
                "mountHistory",
                "What was at a mount path, oldest first, also after its mount was removed.",
                parameters: [MountRoutes.path] + Shared.list + [
                    Shared.consistency, Shared.minimum,
                ],
                answers: [.json("mountHistory", "A page of revisions.")],
                handler: show
            )
        ]
    )

    @Sendable private static func show(_ call: Call) async throws(Problem) -> APIResponse {
        let path = try MountRoutes.mountPath(call)
        let limit = try call.pageLimit()
        let after = try call.query.number("after") ?? 0
        let view = try await call.catalogView()
        let known = view.catalog.history(of: path)
        let horizon = view.catalog.historyHorizon(of: path)
        guard !known.isEmpty else {
            let lost = horizon == .zero ? "" : ", and nothing is known up to revision \(horizon)"
            throw Problem(
                .notFound,
                "there is no mount at \(path), nor is one remembered\(lost)",
                next: "tarn mount list"
            )
        }
        let rest = known.filter { $0.revision.rawValue > after }
        let page = rest.prefix(limit)
        let document = MountHistoryDocument(
            items: page.map(MountRevisionDocument.init),
            next: rest.count > limit ? page.last.map { "\($0.revision)" } : nil,
            compactedThrough: horizon.rawValue
        )
        return APIResponse.json(document).describing(view, region: call.dependencies.region)
    }
}
