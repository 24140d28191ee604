// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Primitives
import RaftCore
import Testing

/// Goal: what the plan makes of a cluster in the end, row by row.
@Suite struct VoterAimTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let what: String
        let world: VoterWorld
        let end: [Int]
        var testDescription: String { what }

        init(_ what: String, _ world: VoterWorld, end: [Int]) {
            self.what = what
            self.world = world
            self.end = end
        }
    }

    static let ap = ["ap a", "ap b", "ap c", "ap a", "ap b"]
    static let wide = ["ap a", "ap b", "us a", "us b", "eu a", "eu b"]

    // swift-format-ignore
    static let rows = [
        Row("nothing to do",              VoterWorld(ap, voters: [1, 2, 3]), end: [1, 2, 3]),
        Row("one voter grows to three",   VoterWorld(ap, voters: [1]), end: [1, 2, 3]),
        Row("two workers are one voter",  VoterWorld(["ap a", "ap b"], voters: [1]), end: [1]),
        Row("told to have one",           VoterWorld(ap, voters: [1], voterCount: 1), end: [1]),
        Row("three grow to five",         VoterWorld(ap, voters: [1, 2, 3], voterCount: 5), end: [1, 2, 3, 4, 5]),
        Row("four are no better",         VoterWorld(Array(ap.prefix(4)), voters: [1, 2, 3], voterCount: 5), end: [1, 2, 3]),
        Row("growth stays at home",       VoterWorld(["ap a", "us a", "us b"], voters: [1]), end: [1]),
        Row("five shrink to three",       VoterWorld(ap, voters: [1, 2, 3, 4, 5]), end: [1, 2, 3]),
        Row("the dead go first",          VoterWorld(ap, voters: [1, 2, 3, 4, 5], dead: [1, 2]), end: [3, 4, 5]),
        Row("down to one answers",        VoterWorld(ap, voters: [1, 2, 3, 4, 5], voterCount: 1, dead: [1, 2]), end: [3]),
        Row("the dead are replaced",      VoterWorld(ap, voters: [1, 2, 3], dead: [3]), end: [1, 2, 4]),
        Row("in another zone at best",    VoterWorld(["ap a", "ap b", "ap c", "ap a", "ap c"], voters: [1, 2, 3], dead: [3]), end: [1, 2, 5]),
        Row("not before five minutes",    VoterWorld(ap, voters: [1, 2, 3], dead: [3], silenceMS: VoterPlan.patienceMS - 1), end: [1, 2, 3]),
        Row("not by the dead",            VoterWorld(ap, voters: [1, 2, 3], dead: [3, 4, 5]), end: [1, 2, 3]),
        Row("abroad if it must be",       VoterWorld(["ap a", "ap b", "ap c", "us a"], voters: [1, 2, 3], dead: [3]), end: [1, 2, 4]),
        Row("and home again",             VoterWorld(["ap a", "ap b", "ap c", "us a"], voters: [1, 2, 4]), end: [1, 2, 3]),
        Row("a shared zone is left",      VoterWorld(["ap a", "ap a", "ap b", "ap c"], voters: [1, 2, 3]), end: [1, 3, 4]),
        Row("not while one is silent",    VoterWorld(["ap a", "ap a", "ap b", "ap c"], voters: [1, 2, 3], dead: [3], silenceMS: 10_000), end: [1, 2, 3]),
        Row("where it can be left",       VoterWorld(["ap a", "ap a", "ap b", "ap b"], voters: [1, 2, 3]), end: [1, 2, 3]),
        Row("demoted: another votes",     VoterWorld(ap, voters: [1, 2, 3], demoted: [3]), end: [1, 2, 4]),
        Row("demoted and silent: at once", VoterWorld(ap, voters: [1, 2, 3], demoted: [3], dead: [3], silenceMS: 5_000), end: [1, 2, 4]),
        Row("demoted: nobody is there",   VoterWorld(["ap a", "ap b", "ap c"], voters: [1, 2, 3], demoted: [3]), end: [1, 2, 3]),
        Row("demoted ones do not come",   VoterWorld(ap, voters: [1, 2, 3], demoted: [4], dead: [3]), end: [1, 2, 5]),
        Row("promoted: one makes room",   VoterWorld(ap, voters: [1, 2, 3], promoted: [5]), end: [1, 3, 5]),
        Row("promoted ones stay",         VoterWorld(ap, voters: [1, 2, 3], promoted: [1, 2, 4]), end: [1, 2, 4]),
        Row("even if it crowds a zone",   VoterWorld(ap, voters: [1, 2, 3], promoted: [1, 4]), end: [1, 2, 4]),
        Row("a region is to be survived", VoterWorld(wide, voters: [1], survival: .region), end: [1, 2, 3, 4, 5]),
        Row("from three at home",         VoterWorld(["ap a", "ap b", "ap c", "us a", "us b", "eu a"], voters: [1, 2, 3], survival: .region), end: [1, 2, 4, 5, 6]),
        Row("two regions: three and two", VoterWorld(["ap a", "ap b", "ap c", "us a", "us b"], voters: [1], survival: .region), end: [1, 2, 3, 4, 5]),
        Row("back to zones",              VoterWorld(["ap a", "ap b", "us a", "us b", "eu a", "ap c"], voters: [1, 2, 3, 4, 5]), end: [1, 2, 6]),
    ]

    @Test(arguments: rows)
    func theEndIsRight(_ row: Row) {
        var world = row.world
        #expect(world.settle { _, _ in }, "it never ends")
        #expect(world.voters == row.end)
        #expect(world.members.learners.isEmpty && !world.members.isJoint)
        #expect(world.logs.isSuperset(of: world.members.incoming.map(\.node)))
    }

    @Test func theRegionOfMostVotesIsToLead() {
        var world = VoterWorld(Self.wide, voters: [1], survival: .region)
        #expect(world.settle { _, _ in })
        #expect(world.members.priorities.map(\.node) == [NodeID(1), NodeID(2)])
        _ = world.catalog.apply(
            CatalogCommand(operation: .voting(.goal(.zone, voterCount: 0)))
        )
        #expect(world.settle { _, _ in })
        #expect(world.members.priorities.isEmpty)
    }

    /// Goal: what a voter was asked for in vain is not asked again and again where nothing presses.
    @Test func whoFailedIsAskedOnlyInNeed() {
        var world = VoterWorld(["ap a", "ap a", "ap b", "ap c"], voters: [1, 2, 3])
        world.failed = [NodeID(4)]
        #expect(world.plan.next == nil)
        world.workers[2].isAlive = false
        #expect(world.plan.next == .enlist(NodeID(4)))
    }

    @Test func twoNewcomersGetTheirVotesAtOnce() {
        var world = VoterWorld(Self.ap, voters: [1])
        var sizes: [Int] = []
        #expect(
            world.settle { world, step in
                if case .change(let change) = step { sizes.append(change.voters.count) }
            }
        )
        #expect(sizes == [1, 1, 3], "two learners, then one joint change")
    }

    // MARK: - What people are told

    // swift-format-ignore
    static let verdicts: [(what: String, wish: (Int, VoteWish.Kind), world: VoterWorld, verdict: VotingVerdict)] = [
        ("another takes it", (3, .demoted), VoterWorld(ap, voters: [1, 2, 3]),
         .safe("w3 gives its vote to w4 (ap, a); afterwards there are 3 voters, which tolerate the loss of 1")),
        ("nobody takes it", (3, .demoted), VoterWorld(Array(ap.prefix(3)), voters: [1, 2, 3]),
         .unsafe("w3 is one of 3 voters, which tolerate the loss of 1, and nobody could take its place: the 2 left would tolerate the loss of 0; start another worker first, or want fewer votes (tarn cluster update --voters N)")),
        ("the last one", (1, .demoted), VoterWorld(["ap a"], voters: [1]),
         .unsafe("w1 is the only voter, and nobody could take its place; start another worker first")),
        ("no voter", (4, .demoted), VoterWorld(ap, voters: [1, 2, 3]),
         .safe("w4 has no vote, and gets none from now on")),
        ("one is silent", (3, .demoted), VoterWorld(ap, voters: [1, 2, 3], dead: [2], silenceMS: 1_000),
         .safe("w3 gives its vote to w4 (ap, a); afterwards there are 3 voters, which tolerate the loss of 1; first it waits for w2 to answer again, or to be replaced")),
        ("there are too many", (3, .demoted), VoterWorld(ap, voters: [1, 2, 3, 4, 5]),
         .safe("w3 gives its vote up; afterwards there are 3 voters, which tolerate the loss of 1")),
        ("instead of another", (5, .promoted), VoterWorld(ap, voters: [1, 2, 3]),
         .safe("w5 gets the vote of w2; afterwards there are 3 voters, which tolerate the loss of 1")),
        ("one more", (4, .promoted), VoterWorld(Array(ap.prefix(4)), voters: [1]),
         .safe("w4 gets a vote, together with w2; afterwards there are 3 voters, which tolerate the loss of 1")),
        ("votes already", (1, .promoted), VoterWorld(ap, voters: [1, 2, 3]), .safe("w1 votes, and keeps its vote")),
        ("is away", (4, .promoted), VoterWorld(ap, voters: [1, 2, 3], dead: [4]), .unsafe("w4 does not answer")),
        ("all are promoted", (4, .promoted), VoterWorld(ap, voters: [1, 2, 3], promoted: [1, 2, 3]),
         .unsafe("w4 cannot get a vote: of 3 voters, which tolerate the loss of 1, 3 belong to promoted workers (w1, w2, w3); demote one, or want more votes (tarn cluster update --voters N)")),
    ]

    @Test(arguments: verdicts.indices)
    func aWishIsJudged(_ index: Int) {
        let row = Self.verdicts[index]
        let wish = VoteWish(node: NodeID(UInt64(row.wish.0)), kind: row.wish.1)
        #expect(row.world.plan.verdict(on: wish) == row.verdict, "\(row.what)")
    }

    // swift-format-ignore
    static let outlooks: [(what: String, world: VoterWorld, outlook: VotingOutlook)] = [
        ("all well", VoterWorld(ap, voters: [1, 2, 3]), VotingOutlook()),
        ("in time", VoterWorld(ap, voters: [1, 2, 3], dead: [3], silenceMS: 40_500), VotingOutlook(
            action: .replace, leaving: ["w3"], coming: ["w4"], reason: "w3 is silent for 40s",
            waitsFor: "259s more of silence: a vote moves after 5m")),
        ("nobody", VoterWorld(Array(ap.prefix(3)), voters: [1, 2, 3], dead: [3]), VotingOutlook(
            action: .replace, leaving: ["w3"], reason: "w3 is silent for 5m",
            waitsFor: "1 worker that could vote in ap, of which there are 0")),
        ("now", VoterWorld(ap, voters: [1, 2, 3], dead: [3]), VotingOutlook(
            action: .replace, leaving: ["w3"], coming: ["w4"], reason: "w3 is silent for 5m", waitsFor: "w4 to make its log")),
        ("growth", VoterWorld(["ap a", "ap b"], voters: [1]), VotingOutlook(
            action: .grow, coming: ["w2"], reason: "there is 1 vote, 3 are wanted",
            waitsFor: "2 workers that could vote in ap, of which there is 1", weakness: "the only voter is w1")),
        ("one zone", VoterWorld(["ap a", "ap a", "ap a"], voters: [1, 2, 3]), VotingOutlook(
            weakness: "the loss of zone a of ap, where 3 of 3 voters are, would be the loss of the quorum")),
        ("two regions", VoterWorld(["ap a", "ap b", "ap c", "us a", "us b"], voters: [1, 2, 3, 4, 5], survival: .region), VotingOutlook(
            weakness: "the loss of region ap, where 3 of 5 voters are, would be the loss of the quorum")),
    ]

    @Test(arguments: outlooks.indices)
    func theOutlookSaysWhatAndWhyNot(_ index: Int) {
        let row = Self.outlooks[index]
        #expect(row.world.plan.outlook == row.outlook, "\(row.what)")
    }
}
