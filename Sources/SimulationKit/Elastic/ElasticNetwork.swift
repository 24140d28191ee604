// SPDX-License-Identifier: Apache-2.0

import ElasticCore
import Primitives

/// Who reaches whom, and since when not.
struct ElasticNetwork: Sendable {
    struct Cut: Sendable {
        let ends: (Int, Int)
        let untilUS: UInt64
    }

    /// Until when a worker neither hears nor is heard.
    private(set) var silentUntilUS: [UInt64] = []
    private(set) var cuts: [Cut] = []
    /// Whom everybody suspects for no reason, until when.
    private(set) var doubtedUntilUS: [UInt64] = []
    /// Until when each had any trouble, or made some.
    var troubledUntilUS: [UInt64] = []
    /// For each pair since when gossip finds no way; the first who looks for the second.
    var lostSinceUS: [[UInt64?]] = []

    mutating func add() {
        silentUntilUS.append(0)
        doubtedUntilUS.append(0)
        troubledUntilUS.append(0)
        for row in lostSinceUS.indices { lostSinceUS[row].append(nil) }
        lostSinceUS.append([UInt64?](repeating: nil, count: lostSinceUS.count + 1))
    }

    mutating func silence(_ worker: Int, untilUS: UInt64) {
        silentUntilUS[worker] = max(silentUntilUS[worker], untilUS)
        trouble(worker, untilUS: untilUS)
    }

    mutating func doubt(_ worker: Int, untilUS: UInt64) {
        doubtedUntilUS[worker] = untilUS
        trouble(worker, untilUS: untilUS)
    }

    mutating func trouble(_ worker: Int, untilUS: UInt64) {
        troubledUntilUS[worker] = max(troubledUntilUS[worker], untilUS)
    }

    mutating func cut(_ one: Int, _ other: Int, untilUS: UInt64) {
        cuts.append(Cut(ends: (one, other), untilUS: untilUS))
        trouble(one, untilUS: untilUS)
        trouble(other, untilUS: untilUS)
    }

    mutating func heal() {
        cuts = []
        for worker in silentUntilUS.indices {
            silentUntilUS[worker] = 0
            doubtedUntilUS[worker] = 0
        }
    }

    mutating func forget(before nowUS: UInt64) {
        if !cuts.isEmpty { cuts.removeAll { $0.untilUS <= nowUS } }
    }

    func isSilent(_ worker: Int, atUS nowUS: UInt64) -> Bool { silentUntilUS[worker] > nowUS }

    func reaches(_ one: Int, _ other: Int, atUS nowUS: UInt64) -> Bool {
        if one == other { return true }
        if silentUntilUS[one] > nowUS || silentUntilUS[other] > nowUS { return false }
        return !cuts.contains { cut in
            cut.untilUS > nowUS && (cut.ends == (one, other) || cut.ends == (other, one))
        }
    }
}

/// What a worker believes of another.
enum ElasticOpinion: Sendable { case alive, suspect, dead }

/// Gossip as its users see it: who seems alive, some seconds late. Its own worlds are in ``GossipWorlds``.
extension ElasticWorld {
    static let gossipUS: UInt64 = 500_000

    mutating func gossip() {
        queue.add(.gossip, at: nowUS + Self.gossipUS)
        network.forget(before: nowUS)
        for one in workers.indices where workers[one].isUp {
            for other in workers.indices where other != one {
                let isFound = workers[other].isUp && hasWay(from: one, to: other)
                if isFound {
                    network.lostSinceUS[one][other] = nil
                } else if network.lostSinceUS[one][other] == nil {
                    network.lostSinceUS[one][other] = nowUS
                }
            }
        }
        lookAfterLeader()
    }

    /// Directly, or as somebody else says.
    private func hasWay(from one: Int, to other: Int) -> Bool {
        if network.reaches(one, other, atUS: nowUS) { return true }
        if network.isSilent(one, atUS: nowUS) || network.isSilent(other, atUS: nowUS) {
            return false
        }
        return workers.indices.contains { third in
            workers[third].isUp && network.reaches(one, third, atUS: nowUS)
                && network.reaches(third, other, atUS: nowUS)
        }
    }

    func opinion(of one: Int, about other: Int) -> ElasticOpinion {
        if one == other { return .alive }
        guard let since = network.lostSinceUS[one][other] else {
            return network.doubtedUntilUS[other] > nowUS ? .suspect : .alive
        }
        let lostUS = nowUS - since
        // A reset by two peers says so at once; silence takes a suspicion and its confirmation.
        let isReset = !workers[other].isUp && !network.isSilent(other, atUS: nowUS)
        let limitUS: UInt64 = isReset ? 1_000_000 : 5_500_000
        return lostUS >= limitUS ? .dead : lostUS >= limitUS / 3 ? .suspect : .alive
    }

    func opinion(of one: Int, about node: NodeID) -> ElasticOpinion {
        positions[node].map { opinion(of: one, about: $0) } ?? .dead
    }

    /// Whom a worker would rather not ask now.
    func suspects(of worker: Int) -> (NodeID) -> Bool {
        let suspicions = workers[worker].suspicions
        let doubted = workers.indices.filter { opinion(of: worker, about: $0) != .alive }
            .compactMap { workers[$0].node }
        let nowMS = nowMS
        return { doubted.contains($0) || suspicions.contains($0, atMS: nowMS) }
    }

    mutating func delayUS() -> UInt64 { .random(in: 100...plan.delayMS * 1_000, using: &random) }
}
