// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Foundation
import Primitives
import Synchronization
import Testing

@Suite struct VotingTests {
    @Test func theAutopilotIsShown() async throws {
        let world = World()
        world.coordination.state.withLock { state in
            state.outlook = VotingOutlook(
                action: .replace,
                leaving: ["w2"],
                coming: [],
                reason: "w2 is silent for 6m",
                waitsFor: "1 worker that could vote"
            )
        }
        try await withServer(world) { client in
            let answer = try await client.get("/v1/cluster")
            let autopilot = try #require(answer.json["autopilot"] as? [String: Any])
            #expect(autopilot["survive"] as? String == "zone")
            #expect(autopilot["voters"] as? Int == 3)
            #expect(autopilot["action"] as? String == "replace")
            #expect(autopilot["leaving"] as? [String] == ["w2"])
            #expect(autopilot["waitsFor"] as? String == "1 worker that could vote")
            #expect(autopilot["weakness"] is NSNull)
        }
    }

    /// Goal: what the leader does is not guessed where it does not say.
    @Test func withoutALeaderOnlyTheGoalIsShown() async throws {
        try await withServer { client in
            let answer = try await client.get("/v1/cluster")
            let autopilot = try #require(answer.json["autopilot"] as? [String: Any])
            #expect(autopilot["action"] is NSNull)
            #expect(autopilot["waitsFor"] as? String == "a leader that answers")
        }
    }

    @Test(arguments: [("promote", VoteWish.Kind.promoted), ("demote", .demoted)])
    func aVoteIsChanged(_ row: (verb: String, kind: VoteWish.Kind)) async throws {
        let world = World()
        let target = "/v1/cluster/\(row.verb)"
        try await withServer(world) { client in
            let body = #"{"name":"w2","dryRun":true}"#
            let trial = try await client.request("POST", target, body: body)
            #expect(trial.json["effect"] as? String == "w2 is \(row.kind)")
            #expect(trial.json["accepted"] as? Bool == false)
            #expect(world.coordination.state.withLock { $0.votingChanges.isEmpty })

            let answer = try await client.request("POST", target, body: #"{"name":"w2"}"#)
            #expect(answer.json["accepted"] as? Bool == true)
            let wish = VotingChange.wish(VoteWish(node: NodeID(2), kind: row.kind))
            #expect(world.coordination.state.withLock { $0.votingChanges } == [wish])
            let shown = try await client.get("/v1/cluster").json["autopilot"] as? [String: Any]
            #expect(shown?["\(row.kind)"] as? [String] == ["w2"])

            let unsafe = try await client.request("POST", target, body: #"{"name":"w1"}"#)
            #expect((unsafe.status, unsafe.code) == (409, "unsafe"))
            let nobody = try await client.request("POST", target, body: #"{"name":"nobody"}"#)
            #expect(nobody.code == "not-found")
            #expect(try await client.request("POST", target, body: "{}").code == "bad-value")
        }
    }

    // swift-format-ignore
    static let updates: [(body: String, changes: [VotingChange]?)] = [
        (#"{"survive":"region"}"#,                [.goal(.region, voterCount: 0)]),
        (#"{"survive":"region","voters":3}"#,     [.goal(.region, voterCount: 3)]),
        (#"{"voters":5}"#,                        [.goal(.zone, voterCount: 5)]),
        (#"{"forgetWishes":true}"#,               [.forgetWishes]),
        (#"{"survive":"zone","forgetWishes":true}"#, [.goal(.zone, voterCount: 0), .forgetWishes]),
        ("{}",                                    nil),
        (#"{"forgetWishes":false}"#,              nil),
        (#"{"voters":4}"#,                        nil),
        (#"{"voters":0}"#,                        nil),
        (#"{"voters":-3}"#,                       nil),
        (#"{"survive":"planet"}"#,                nil),
    ]

    @Test(arguments: updates)
    func theGoalIsChanged(_ row: (body: String, changes: [VotingChange]?)) async throws {
        let world = World()
        try await withServer(world) { client in
            let answer = try await client.request("POST", "/v1/cluster/update", body: row.body)
            let made = world.coordination.state.withLock { $0.votingChanges }
            #expect(made == row.changes ?? [])
            #expect(answer.status == (row.changes == nil ? 400 : 200), "\(answer.text)")
        }
    }
}
