// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Primitives
import RaftCore

/// Workers somewhere, some of which vote: what a plan is made for, and carried out in, one step at a time.
struct VoterWorld: Sendable {
    struct Worker: Sendable {
        let region: String
        let zone: String
        /// Whether it answers, as a worker and by consensus.
        var isAlive = true
    }

    /// By node id, 1, 2, ….
    var workers: [Worker]
    var members: VoterSet
    var catalog: Catalog
    var logs: Set<NodeID>
    /// For how long those who do not answer are silent.
    var silenceMS: UInt64
    var failed: [NodeID] = []

    /// Workers named `w1`, `w2`, … at these places (`region zone`), of which these vote.
    init(
        _ places: [String],
        voters: [Int],
        survival: ClusterEntry.Survival = .zone,
        voterCount: UInt8 = 0,
        promoted: [Int] = [],
        demoted: [Int] = [],
        dead: [Int] = [],
        silenceMS: UInt64 = VoterPlan.patienceMS
    ) {
        workers = places.enumerated().map { offset, place in
            let words = place.split(separator: " ").map(String.init)
            return Worker(region: words[0], zone: words[1], isAlive: !dead.contains(offset + 1))
        }
        self.silenceMS = silenceMS
        members = VoterSet(incoming: voters.map { Self.voter($0) })
        logs = Set(voters.map { NodeID(UInt64($0)) })
        let entry = ClusterEntry(
            id: testCluster(),
            generation: 1,
            survival: survival,
            timing: .lan,
            featureLevel: 1,
            voters: voters.map { NodeID(UInt64($0)) },
            voterCount: voterCount,
            wishes: promoted.map { VoteWish(node: NodeID(UInt64($0)), kind: .promoted) }
                + demoted.map { VoteWish(node: NodeID(UInt64($0)), kind: .demoted) }
        )
        let registrations = workers.enumerated().map { offset, worker in
            registration(
                "w\(offset + 1)",
                store: UInt64(offset + 1),
                region: worker.region,
                zone: worker.zone
            )
        }
        catalog = Catalog()
        _ = catalog.apply(CatalogCommand(operation: .genesis(entry, registrations)))
    }

    static func voter(_ number: Int) -> Voter {
        Voter(node: NodeID(UInt64(number)), store: testStore(UInt64(number)))
    }

    var plan: VoterPlan {
        let (workers, logs, silence) = (workers, logs, silenceMS)
        func isAlive(_ node: NodeID) -> Bool { workers[Int(node.rawValue) - 1].isAlive }
        return VoterPlan(
            members: members,
            catalog: catalog,
            sight: VoterPlan.Sight(
                isAlive: { workers[Int($0.rawValue) - 1].isAlive },
                silenceMS: { workers[Int($0.rawValue) - 1].isAlive ? 0 : silence },
                hasLog: { logs.contains($0) && workers[Int($0.rawValue) - 1].isAlive }
            ),
            leader: members.incoming.first { isAlive($0.node) }?.node,
            failed: failed
        )
    }

    /// Carries one step out as a sound cluster would.
    mutating func take(_ step: VoterPlan.Step) {
        switch step {
        case .enlist(let node): logs.insert(node)
        case .release(let node): logs.remove(node)
        case .wait: break
        case .change(let change):
            members = VoterSet(
                incoming: change.voters,
                learners: change.learners,
                priorities: change.priorities
            )
            let voters = change.voters.map(\.node)
            _ = catalog.apply(CatalogCommand(operation: .members(voters: voters)))
        }
    }

    /// Goes on until nothing is left to do; `false` if that takes too long.
    mutating func settle(limit: Int = 200, _ each: (VoterWorld, VoterPlan.Step) -> Void) -> Bool {
        for _ in 0..<limit {
            guard let step = plan.next else { return true }
            each(self, step)
            take(step)
        }
        return false
    }

    /// Numbers of those who vote.
    var voters: [Int] { members.incoming.map { Int($0.node.rawValue) } }

    func worker(_ number: Int) -> Worker { workers[number - 1] }

    func answers(_ voter: Voter) -> Bool { worker(Int(voter.node.rawValue)).isAlive }
}
