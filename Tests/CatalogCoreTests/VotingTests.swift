// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import Testing

/// What people say about who should vote.
@Suite struct VotingTests {
    @Test func theGoalDecidesHowManyVote() throws {
        var catalog = formedCatalog()
        #expect(catalog.cluster?.targetVoterCount == 3)
        let made = catalog.perform(.voting(.goal(.region, voterCount: 0)))
        #expect(catalog.cluster?.survival == .region && catalog.cluster?.targetVoterCount == 5)
        #expect(made.changes.map(\.key) == [CatalogKey.voters])
        #expect(made.changes.first?.value == .cluster(try #require(catalog.cluster)))
        catalog.perform(.voting(.goal(.zone, voterCount: 5)))
        #expect(catalog.cluster?.targetVoterCount == 5)
        #expect(catalog.revision == Revision(3))
        #expect(catalog.perform(.voting(.goal(.zone, voterCount: 5))).changes.isEmpty, "as it was")
        #expect(catalog.revision == Revision(3))
    }

    // swift-format-ignore
    static let refusals: [VotingChange] = [
        .goal(.zone, voterCount: 2), .goal(.zone, voterCount: 9), .goal(.region, voterCount: 1),
        .wish(VoteWish(node: NodeID(9), kind: .promoted)),
    ]

    @Test(arguments: refusals)
    func whatCannotBeIsRefused(_ change: VotingChange) {
        var catalog = formedCatalog()
        let before = catalog.stateDigest
        guard case .refused = catalog.perform(.voting(change)).outcome else {
            Issue.record("\(change) was taken")
            return
        }
        #expect(catalog.stateDigest == before && catalog.revision == Revision(1))
    }

    @Test func theLastWishCounts() {
        var catalog = formedCatalog()
        for (node, kind): (UInt64, VoteWish.Kind) in [(2, .promoted), (1, .demoted), (2, .demoted)]
        {
            catalog.perform(.voting(.wish(VoteWish(node: NodeID(node), kind: kind))))
        }
        #expect(catalog.cluster?.wishes.map(\.node) == [NodeID(1), NodeID(2)])
        #expect(catalog.cluster?.wish(for: NodeID(2)) == .demoted)
        #expect(catalog.cluster?.wish(for: NodeID(3)) == nil)
        catalog.perform(.members(voters: [NodeID(1), NodeID(3)]))
        #expect(catalog.cluster?.wish(for: NodeID(1)) == .demoted, "whoever votes")
        catalog.perform(.voting(.forgetWishes))
        #expect(catalog.cluster?.wishes.isEmpty == true)
    }

    /// Goal: a machine that a person took the vote from does not get it by losing its disk.
    @Test func aWishStaysWithTheName() throws {
        var catalog = formedCatalog()
        catalog.perform(.voting(.wish(VoteWish(node: NodeID(2), kind: .demoted))))
        let name = try #require(catalog.worker(id: NodeID(2))?.name)
        let made = catalog.perform(.replace(registration(name, store: 9), retiring: NodeID(2)))
        #expect(catalog.cluster?.wishes == [VoteWish(node: NodeID(4), kind: .demoted)])
        #expect(made.changes.last?.key == CatalogKey.voters)
    }

    @Test(arguments: [
        VotingChange.goal(.region, voterCount: 5), .forgetWishes,
        .wish(VoteWish(node: NodeID(258), kind: .demoted)),
    ])
    func commandsAreReadAsTheyWereWritten(_ change: VotingChange) throws {
        let command = CatalogCommand(operation: .voting(change), elapsedMS: 5)
        #expect(try CatalogCommand(decoding: command.encode()) == command)
        for count in command.encode().indices {
            #expect(throws: ByteDecodingError.self) {
                try CatalogCommand(decoding: Array(command.encode().prefix(count)))
            }
        }
    }

    @Test func theBytesOfAGoalAndAWish() {
        let head = "01" + "0000000000000000" + "00" + "10"  // version, time, no key, voting
        let end = String(repeating: "0", count: 16)  // made at
        let goal = CatalogCommand(operation: .voting(.goal(.region, voterCount: 5)))
        #expect(hexText(goal.encode()) == head + "01" + "01" + "05" + end)
        let wish = VotingChange.wish(VoteWish(node: NodeID(258), kind: .demoted))
        let command = CatalogCommand(operation: .voting(wish))
        #expect(hexText(command.encode()) == head + "02" + "0201000000000000" + "02" + end)
    }

    @Test func aSnapshotKeepsThem() throws {
        var catalog = formedCatalog()
        catalog.perform(.voting(.goal(.region, voterCount: 7)))
        catalog.perform(.voting(.wish(VoteWish(node: NodeID(3), kind: .promoted))))
        let restored = try Catalog(decodingSnapshot: catalog.encodeSnapshot())
        #expect(restored.cluster == catalog.cluster)
        #expect(restored.stateDigest == catalog.stateDigest)
    }
}
