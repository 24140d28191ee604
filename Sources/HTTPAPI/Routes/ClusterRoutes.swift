// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Coordination
import NIOHTTP1
import Primitives

/// `/v1/cluster…`: who votes and leads, and how a cluster begins.
enum ClusterRoutes {
    static let routes = [
        Route(
            "/v1/cluster",
            [
                Operation(
                    .GET,
                    "cluster",
                    "The cluster as the asked worker sees it, with or without a quorum; generation "
                        + "and revision are 0 while it has no catalog yet.",
                    availability: .always,
                    parameters: [Shared.minimum],
                    answers: [.json("cluster", "The cluster.")],
                    handler: show
                )
            ]
        ),
        Route(
            "/v1/alarms",
            [
                Operation(
                    .GET,
                    "alarms",
                    "What needs a person, as far as the asked worker has heard; with or without a "
                        + "quorum.",
                    parameters: [Shared.minimum],
                    answers: [.json("alarms", "All of them.")],
                    handler: alarms
                )
            ]
        ),
        Route(
            "/v1/cluster/init",
            [
                Operation(
                    .POST,
                    "initialise",
                    "Forms a cluster out of fresh workers, or resumes an attempt that failed; "
                        + "returns when its voters have committed their first entry.",
                    availability: .always,
                    requestSchema: "init",
                    answers: [.json("initAnswer", "The cluster is formed.")],
                    handler: initialise
                )
            ]
        ),
        Route(
            "/v1/cluster/transfer-leader",
            [
                Operation(
                    .POST,
                    "transferLeader",
                    "Hands leadership to a voter.",
                    requestSchema: "transfer",
                    answers: [.json("transferAnswer", "Who leads now.")],
                    handler: transfer
                )
            ]
        ),
    ]

    @Sendable private static func alarms(_ call: Call) async throws(Problem) -> APIResponse {
        let view = try await call.localView()
        let items = call.coordination.status().alarms.map { AlarmDocument($0) }
        return APIResponse.json(Page(items: items, next: nil))
            .describing(view, region: call.dependencies.region)
    }

    @Sendable private static func show(_ call: Call) async throws(Problem) -> APIResponse {
        await call.coordination.untilVotersWereAsked()
        let view = try await call.localView()
        let status = call.coordination.status()
        guard let cluster = view.catalog.cluster else {
            // A member that knows of no commit yet knows whose it is and who votes.
            guard let id = status.cluster else { throw Problem(.notInitialised) }
            return .json(ClusterDocument(member: id, status: status))
        }
        let document = ClusterDocument(
            cluster,
            catalog: view.catalog,
            status: status,
            outlook: await call.coordination.votingOutlook()
        )
        return APIResponse.json(document).describing(view, region: call.dependencies.region)
    }

    // MARK: - init

    enum Survival: String, CaseIterable { case zone, region }
    private enum Timing: String, CaseIterable { case lan, wan }

    /// How long `init` waits for enough fresh workers unless it is told; milliseconds.
    private static let standardPatienceMS: UInt64 = 30_000
    /// What the first entry, which the voters have committed, makes.
    private static let firstRevision = Revision(1)
    private static let patienceMS: ClosedRange<UInt64> = 1...86_400_000

    @Sendable private static func initialise(_ call: Call) async throws(Problem) -> APIResponse {
        let body = try call.request.documentIfAny(
            InitRequest.self,
            members: Schema.named("init").memberNames,
            absent: InitRequest()
        )
        let patience = body.timeoutMs ?? standardPatienceMS
        guard patienceMS.contains(patience) else {
            throw Problem(.badValue, "timeoutMs: \(patience) is not in \(patienceMS)")
        }
        let request = InitialisationRequest(
            voterCount: body.voters,
            survival: try word(body.survive, of: Survival.self, "survive") == .region
                ? .region : .zone,
            timing: try word(body.timing, of: Timing.self, "timing") == .wan ? .wan : .lan
        )
        do {
            let formed = try await call.coordination.initialise(
                request,
                within: Timespan(milliseconds: patience)
            )
            // A worker that got no vote learns of the cluster a moment later.
            try? await call.coordination.wait(for: Self.firstRevision, within: Call.patience)
            let view = call.coordination.view()
            let answer = InitAnswer(
                cluster: "\(formed.entry.id)",
                revision: max(view.catalog.revision, Self.firstRevision).rawValue,
                voters: formed.voters
            )
            return APIResponse.json(answer).describing(view, region: call.dependencies.region)
        } catch {
            throw call.problem(error)
        }
    }

    static func word<Word: RawRepresentable<String> & CaseIterable>(
        _ text: String?,
        of type: Word.Type,
        _ member: String
    ) throws(Problem) -> Word? {
        guard let text else { return nil }
        guard let word = Word(rawValue: text) else {
            let words = Word.allCases.map(\.rawValue)
            throw Problem(
                .badValue,
                "\(member): '\(text.prefix(40))'; \(suggestion(for: text, among: words))"
            )
        }
        return word
    }

    // MARK: - transfer-leader

    @Sendable private static func transfer(_ call: Call) async throws(Problem) -> APIResponse {
        let body = try call.request.documentIfAny(
            TransferRequest.self,
            members: Schema.named("transfer").memberNames,
            absent: TransferRequest(to: nil)
        )
        do {
            let leader = try await call.coordination.transferLeadership(
                to: body.to,
                within: .seconds(10)
            )
            return APIResponse.json(TransferAnswer(leader: leader))
                .describing(call.coordination.view(), region: call.dependencies.region)
        } catch {
            throw call.problem(error)
        }
    }
}

/// Body of `POST /v1/cluster/transfer-leader`; without `to` the best voter is chosen.
private struct TransferRequest: Decodable {
    let to: String?
}

/// Who leads after a transfer.
private struct TransferAnswer: Encodable {
    let leader: String
}
