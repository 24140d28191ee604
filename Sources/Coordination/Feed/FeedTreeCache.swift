// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import FeedCore
import Primitives
import Synchronization

/// The feed's tree as the newest catalog has it, made when somebody asks and something has changed.
///
/// Of many workers it is made twice a second at most: the tree is an opinion, and one that is half a
/// second old is as good.
final class FeedTreeCache: Sendable {
    private struct Made {
        let revision: Revision
        let voters: [NodeID]
        let madeAtMS: UInt64
        let tree: FeedTree
    }

    private static let fewWorkers = 64
    private static let pauseMS: UInt64 = 500

    private let made = Mutex<Made?>(nil)

    func tree(of catalog: Catalog, voters: [NodeID], nowMS: UInt64) -> FeedTree {
        let known = made.withLock { $0 }
        if let known, known.voters == voters {
            if known.revision == catalog.revision { return known.tree }
            let age = nowMS - min(nowMS, known.madeAtMS)
            if catalog.workers.count > Self.fewWorkers, age < Self.pauseMS { return known.tree }
        }
        let tree = FeedTree(members: catalog.workers.compactMap(\.feedMember), voters: voters)
        let new = Made(
            revision: catalog.revision,
            voters: voters,
            madeAtMS: nowMS,
            tree: tree
        )
        made.withLock { $0 = new }
        return tree
    }
}

extension WorkerEntry {
    /// `nil` for one that is no member any more.
    fileprivate var feedMember: FeedTree.Member? {
        switch state {
        case .active: FeedTree.Member(id: id, region: region, mayServe: true)
        case .joining, .suspended, .draining, .drained:
            FeedTree.Member(id: id, region: region, mayServe: false)
        case .removed: nil
        }
    }
}
