// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Coordination
import NIOHTTP1
import Primitives

/// `/v1/cluster/promote`, `demote`, `update`: who should vote.
enum VotingRoutes {
    static let routes = [
        Route(
            "/v1/cluster/promote",
            [
                Operation(
                    .POST,
                    "promote",
                    "Has a worker vote; the leader gives it a vote as soon as it has the log.",
                    requestSchema: "vote",
                    answers: [.json("voteAnswer", "What becomes of the votes.")],
                    handler: promote
                )
            ]
        ),
        Route(
            "/v1/cluster/demote",
            [
                Operation(
                    .POST,
                    "demote",
                    "Has a worker not vote; the leader gives its vote to another.",
                    requestSchema: "vote",
                    answers: [.json("voteAnswer", "What becomes of the votes.")],
                    handler: demote
                )
            ]
        ),
        Route(
            "/v1/cluster/update",
            [
                Operation(
                    .POST,
                    "updateCluster",
                    "Changes which loss the voters are to survive, and how many there are.",
                    requestSchema: "clusterUpdate",
                    answers: [.json("clusterUpdateAnswer", "Who should vote from now on.")],
                    handler: update
                )
            ]
        ),
    ]

    private static let patience = Timespan.seconds(10)

    @Sendable private static func promote(_ call: Call) async throws(Problem) -> APIResponse {
        try await change(.promoted, call)
    }

    @Sendable private static func demote(_ call: Call) async throws(Problem) -> APIResponse {
        try await change(.demoted, call)
    }

    private static func change(
        _ kind: VoteWish.Kind,
        _ call: Call
    ) async throws(Problem) -> APIResponse {
        let body = try call.request.document(
            VoteRequest.self,
            members: Schema.named("vote").memberNames
        )
        let isTrial = body.dryRun ?? false
        do throws(CoordinationError) {
            let effect = try await call.coordination.effect(of: kind, on: body.name)
            if !isTrial {
                guard let worker = call.coordination.view().catalog.worker(named: body.name) else {
                    throw CoordinationError.notFound("no worker is named '\(body.name)'")
                }
                let wish = VoteWish(node: worker.id, kind: kind)
                _ = try await call.coordination.changeVoting(.wish(wish), within: patience)
            }
            let answer = VoteAnswer(name: body.name, effect: effect, accepted: !isTrial)
            return APIResponse.json(answer)
                .describing(call.coordination.view(), region: call.dependencies.region)
        } catch {
            throw call.problem(error)
        }
    }

    @Sendable private static func update(_ call: Call) async throws(Problem) -> APIResponse {
        let body = try call.request.document(
            ClusterUpdateRequest.self,
            members: Schema.named("clusterUpdate").memberNames
        )
        let changes = try changes(body, call.coordination.view().catalog.cluster)
        var entry: ClusterEntry?
        do throws(CoordinationError) {
            for change in changes {
                entry = try await call.coordination.changeVoting(change, within: patience)
            }
        } catch {
            throw call.problem(error)
        }
        guard let entry else {
            throw Problem(.badValue, "nothing to change: give survive, voters or forgetWishes")
        }
        let view = call.coordination.view()
        let answer = ClusterUpdateAnswer(
            survive: entry.survival.word,
            voters: entry.targetVoterCount,
            revision: view.catalog.revision.rawValue
        )
        return APIResponse.json(answer).describing(view, region: call.dependencies.region)
    }

    private static func changes(
        _ body: ClusterUpdateRequest,
        _ cluster: ClusterEntry?
    ) throws(Problem) -> [VotingChange] {
        var changes: [VotingChange] = []
        let survival = try ClusterRoutes.word(
            body.survive,
            of: ClusterRoutes.Survival.self,
            "survive"
        )
        if survival != nil || body.voters != nil {
            guard let count = UInt8(exactly: body.voters ?? 0),
                body.voters == nil || VotingChange.voterCounts.contains(count)
            else {
                throw Problem(
                    .badValue,
                    "voters: \(body.voters ?? 0) given; 1, 3, 5 or 7 are allowed"
                )
            }
            let goal = survival.map { $0 == .region ? ClusterEntry.Survival.region : .zone }
            changes.append(.goal(goal ?? cluster?.survival ?? .zone, voterCount: count))
        }
        if body.forgetWishes == true { changes.append(.forgetWishes) }
        return changes
    }
}
