// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Coordination
import NIOCore
import NIOHTTP1
import Primitives

/// `/v1/cluster/backup` and `/v1/cluster/restore`: the whole catalog out of one cluster and into the
/// next.
enum BackupRoutes {
    static let routes = [
        Route(
            "/v1/cluster/backup",
            [
                Operation(
                    .GET,
                    "backup",
                    "The catalog as the asked worker has it, in one file that says what it holds; with "
                        + "a quorum as of now, without one as of Tarn-Staleness-Ms ago.",
                    parameters: [Shared.minimum],
                    answers: [.other("application/octet-stream", "A backup.")],
                    handler: backup
                )
            ]
        ),
        Route(
            BackupUploads.target,
            [
                Operation(
                    .POST,
                    "restore",
                    "Makes the asked fresh worker the only voter of a new cluster that goes on from the "
                        + "backup in the body.",
                    availability: .always,
                    answers: [.json("initAnswer", "The cluster is formed.")],
                    handler: restore
                )
            ]
        ),
    ]

    /// How long a backup waits for a quorum to say that nothing is missing.
    private static let barrierPatience = Timespan.seconds(2)
    /// How long a restored voter may take to lead itself.
    private static let restorePatience = Timespan.seconds(20)

    @Sendable private static func backup(_ call: Call) async throws(Problem) -> APIResponse {
        try await call.waitForMinimum()
        do {
            let backup = try await call.coordination.backup(within: barrierPatience)
            return APIResponse(
                status: .ok,
                headers: ["Content-Type": "application/octet-stream"],
                body: .bytes(ByteBuffer(bytes: backup.encode()))
            )
            .describing(call.coordination.view(), region: call.dependencies.region)
            .with("Tarn-Revision", "\(backup.catalog.revision)")
        } catch {
            throw call.problem(error)
        }
    }

    @Sendable private static func restore(_ call: Call) async throws(Problem) -> APIResponse {
        let backup: CatalogBackup
        do throws(ByteDecodingError) {
            backup = try CatalogBackup(decoding: Array(call.request.body.readableBytesView))
        } catch {
            throw Problem(.badValue, "the body is no backup that can be used: \(error)")
        }
        do {
            let formed = try await call.coordination.restore(backup, within: restorePatience)
            let view = call.coordination.view()
            let answer = InitAnswer(
                cluster: "\(formed.entry.id)",
                revision: view.catalog.revision.rawValue,
                voters: formed.voters
            )
            return APIResponse.json(answer).describing(view, region: call.dependencies.region)
        } catch {
            throw call.problem(error)
        }
    }
}
