// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Who should vote: what people asked for, which the leader then brings about.
extension Catalog {
    /// Takes note of a goal or a wish; one that is known already makes no revision.
    mutating func changeVoting(_ change: VotingChange) throws(CatalogRefusal) -> Application {
        guard let old = cluster else { return Application(.clusterFormed) }
        var entry = old
        switch change {
        case .goal(let survival, let voterCount):
            guard voterCount == 0 || VotingChange.voterCounts.contains(voterCount) else {
                throw .badValue("voters: \(voterCount) given; 1, 3, 5 or 7 are allowed")
            }
            guard survival == .zone || voterCount == 0 || voterCount >= 3 else {
                throw .badValue("voters: 1 given; a region is survived by 3, 5 or 7")
            }
            entry.survival = survival
            entry.voterCount = voterCount
        case .wish(let wish):
            guard worker(id: wish.node) != nil else { throw .noSuchWorker }
            // Those of workers that are gone go with it: there are never more wishes than workers.
            let others = old.wishes.filter { $0.node != wish.node && worker(id: $0.node) != nil }
            entry.wishes = (others + [wish]).sorted { $0.node < $1.node }
        case .forgetWishes: entry.wishes = []
        }
        guard entry != old else { return Application(.clusterFormed) }

        revision = revision.next
        store(entry, at: revision)
        return Application(
            .clusterFormed,
            changes: changes([(CatalogKey.voters, .cluster(entry))])
        )
    }

    /// Nothing is wished of a worker that is gone.
    mutating func dropWish(of node: NodeID) -> [(key: ByteString, value: CatalogValue?)] {
        guard var entry = cluster, entry.wish(for: node) != nil else { return [] }
        entry.wishes.removeAll { $0.node == node }
        store(entry, at: revision)
        return [(CatalogKey.voters, .cluster(entry))]
    }

    /// What was wished of a worker is wished of the one that has its name now.
    mutating func inheritWish(
        of node: NodeID,
        by successor: NodeID
    ) -> [(key: ByteString, value: CatalogValue?)] {
        guard var entry = cluster, let kind = entry.wish(for: node) else { return [] }
        let others = entry.wishes.filter { $0.node != node }
        entry.wishes = others + [VoteWish(node: successor, kind: kind)]
        entry.wishes.sort { $0.node < $1.node }
        store(entry, at: revision)
        return [(CatalogKey.voters, .cluster(entry))]
    }
}
