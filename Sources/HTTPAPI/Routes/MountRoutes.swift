// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import ClientRuntime
import Coordination
import NIOHTTP1
import Primitives

/// `/v1/mounts`, reading `/v1/mount`, and `/v1/resolve`: the mount table.
enum MountRoutes {
    static let routes = [
        Route(
            "/v1/mounts",
            [
                Operation(
                    .GET,
                    "listMounts",
                    "Mounts in bytewise order of their paths.",
                    parameters: Shared.list + [Shared.consistency, Shared.minimum],
                    answers: [.json("mounts", "A page of mounts.")],
                    handler: list
                )
            ]
        ),
        Route(
            "/v1/mount",
            [
                Operation(
                    .GET,
                    "mount",
                    "One mount; ETag is its revision.",
                    work: .brief,
                    parameters: [
                        path, Shared.consistency, Shared.minimum,
                        .header("If-None-Match", "Revisions, as ETag gives them."),
                    ] + MountBarrier.parameters,
                    answers: [
                        .json("mount", "The mount."),
                        .other("", "The revision the caller has is current.", status: 304),
                    ],
                    handler: show
                ),
                MountWrites.put, MountWrites.delete,
            ]
        ),
        Route(
            "/v1/resolve",
            [
                Operation(
                    .GET,
                    "resolve",
                    "Which mount a path belongs to, and where it comes from in a region.",
                    work: .brief,
                    parameters: [path, Shared.region, Shared.consistency, Shared.minimum],
                    answers: [.json("resolve", "Where it comes from.")],
                    handler: resolve
                )
            ]
        ),
    ]

    static let path = Operation.Parameter.query("path", "Cluster path.", required: .mandatory)

    /// The parameter `path` of a mount: what the catalog would refuse is refused before it is asked.
    static func mountPath(_ call: Call) throws(Problem) -> ByteString {
        let path = try call.query.required("path")
        do {
            try MountRules.check(path: path)
        } catch {
            throw Problem(error, path: path)
        }
        return path
    }

    @Sendable private static func list(_ call: Call) async throws(Problem) -> APIResponse {
        let limit = try call.pageLimit()
        let view = try await call.catalogView()
        let found = view.catalog.mounts(after: call.query.bytes("after"), limit: limit + 1)
        let page = found.prefix(limit)
        let next = found.count > limit ? page.last?.path.text : nil
        return APIResponse.written(Page(items: page.map(MountDocument.init), next: next))
            .describing(view, region: call.dependencies.region)
    }

    @Sendable private static func show(_ call: Call) async throws(Problem) -> APIResponse {
        let path = try mountPath(call)
        let patience = try MountBarrier.patience(call)
        let view = try await call.catalogView()
        guard let entry = view.catalog.mount(at: path) else {
            throw Problem(.notFound, "there is no mount at \(path)", next: "tarn mount list")
        }

        let tag = EntityTag(version: ByteString("\(entry.modRevision)"))
        let headers = call.request.headers
        let conditions = FileConditions(headers: headers, tag: tag, modified: nil)
        var document = MountDocument(entry)
        document.credentialSource = call.dependencies.probe.credentialSource(for: entry.mount)
        if let patience {
            document.barrier = await MountBarrier.document(for: entry, call, within: patience)
        }
        let answer =
            conditions.verdict == .notModified
            ? APIResponse(status: .notModified) : APIResponse.written(document)
        return answer.with("ETag", tag.text).describing(view, region: call.dependencies.region)
    }

    @Sendable private static func resolve(_ call: Call) async throws(Problem) -> APIResponse {
        let path = try call.clusterPath()
        let region = try call.region()
        let view = try await call.catalogView()
        guard let resolution = view.catalog.resolve(path, region: region) else {
            throw Problem(
                .notFound,
                "no mount holds \(path.text.prefix(200))",
                next: "tarn mount list"
            )
        }
        let document = ResolveDocument(
            resolution,
            path: path,
            region: region,
            revision: view.catalog.revision
        )
        return APIResponse.written(document).describing(view, region: region)
    }
}
