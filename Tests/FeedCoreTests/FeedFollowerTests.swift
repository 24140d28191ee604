// SPDX-License-Identifier: Apache-2.0
import FeedCore
import Primitives
import Testing

/// One follower, n9, of relays n1, n2, standby n3 and, as the last resort, voter n4.
@Suite(.timeLimit(.minutes(1)))
struct FeedFollowerTests {
    static let (one, two, standby, voter) = (NodeID(1), NodeID(2), NodeID(3), NodeID(4))

    static func follower(
        _ tiers: [[NodeID]] = [[one, two], [standby], [voter]],
        lastResort: Int = 2,
        seed: UInt64 = 1
    ) -> FeedFollower {
        var follower = FeedFollower(NodeID(9), seed: seed)
        follower.setSources(FeedSources(tiers: tiers, lastResort: lastResort))
        return follower
    }

    static func beacon(
        _ path: [NodeID] = [one, voter],
        age: UInt64? = 600
    ) -> FeedBeacon {
        FeedBeacon(
            index: LogIndex(5),
            clockMS: 0,
            covers: LogIndex(5),
            age: age.map { Timespan(milliseconds: $0) },
            path: path,
            term: Term(1),
            leader: voter,
            voters: []
        )
    }

    static func offer(
        _ path: [NodeID],
        hasRoom: Bool = true,
        age: UInt64? = 600
    ) -> FeedOffer {
        FeedOffer(
            hasRoom: hasRoom,
            clockMS: 0,
            age: age.map { Timespan(milliseconds: $0) },
            path: path
        )
    }

    /// A follower that n1 feeds at 100 ms, and that was asked for nothing yet.
    static func fed() -> FeedFollower {
        var follower = follower()
        #expect(follower.tick(atMS: 0) == [.open(one)])
        #expect(follower.heard(beacon(), atMS: 100).isEmpty)
        #expect(follower.feeding == one)
        return follower
    }

    @Test func theSecondSourceIsAskedEverySecond() {
        var follower = Self.fed()
        #expect(follower.tick(atMS: 200) == [.ask(Self.two)])
        #expect(follower.standby == nil, "not before it has answered")
        #expect(follower.answered(Self.two, Self.offer([Self.two, Self.voter]), atMS: 201).isEmpty)
        #expect(follower.standby == Self.two)
        var asked = 0
        for now in stride(from: UInt64(300), through: 5_000, by: 100) {
            _ = follower.heard(Self.beacon(), atMS: now)
            if follower.tick(atMS: now).contains(.ask(Self.two)) {
                asked += 1
                _ = follower.answered(Self.two, Self.offer([Self.two]), atMS: now + 1)
            }
        }
        #expect(asked == 4)
    }

    @Test func aSecondSourceThatDoesNotAnswerIsReplaced() {
        var follower = Self.fed()
        #expect(follower.tick(atMS: 200) == [.ask(Self.two)])
        var asked: Set<NodeID> = []
        for now in stride(from: UInt64(300), through: 3_000, by: 100) {
            _ = follower.heard(Self.beacon(), atMS: now)
            for case .ask(let node) in follower.tick(atMS: now) { asked.insert(node) }
        }
        #expect(asked.contains(Self.standby))
        #expect(!asked.contains(Self.voter), "the last resort is not asked to stand by")
    }

    /// Goal: a connection that breaks costs one step, silence at most 1.6 s.
    @Test(arguments: [true, false])
    func aLostSourceIsLeftForTheSecond(_ isSilent: Bool) {
        var follower = Self.fed()
        _ = follower.tick(atMS: 200)
        _ = follower.answered(Self.two, Self.offer([Self.two, Self.voter]), atMS: 201)
        if !isSilent {
            #expect(follower.ended(.lost, atMS: 300) == [.open(Self.two)])
        } else {
            var done: [FeedFollower.Action] = []
            var now: UInt64 = 200
            while !done.contains(.open(Self.two)), now < 1_700 {
                now += 100
                done = follower.tick(atMS: now)
                for case .ask(let node) in done where node == Self.two {
                    _ = follower.answered(node, Self.offer([node, Self.voter]), atMS: now)
                }
            }
            #expect(done == [.leave, .open(Self.two)] && now == 1_600)
        }
        #expect(follower.changeCount == 1)
    }

    /// Goal: a dead machine that was the second source costs no second silence.
    @Test func whoAnsweredWhileTheSourceWasSilentIsPreferred() {
        var follower = Self.fed()
        _ = follower.tick(atMS: 200)
        _ = follower.answered(Self.two, Self.offer([Self.two]), atMS: 201)
        for now in stride(from: UInt64(300), to: 1_600, by: 100) {
            for case .ask(Self.standby) in follower.tick(atMS: now) {
                _ = follower.answered(Self.standby, Self.offer([Self.standby]), atMS: now)
            }
        }
        let done = follower.tick(atMS: 2_100)
        #expect(done == [.leave, .open(Self.standby)], "n2 has said nothing since 201")
    }

    @Test func oneWhoIsNotFedItselfIsNotPreferred() {
        var follower = Self.fed()
        _ = follower.tick(atMS: 200)
        _ = follower.answered(Self.two, Self.offer([Self.two], age: 2_400), atMS: 900)
        _ = follower.answered(Self.standby, Self.offer([Self.standby, Self.voter]), atMS: 901)
        #expect(follower.ended(.lost, atMS: 1_000) == [.open(Self.standby)])
    }

    @Test func theLastResortIsTriedLate() {
        var follower = Self.follower()
        var opened: [(node: NodeID, atMS: UInt64)] = []
        for now in stride(from: UInt64(0), through: 10_000, by: 100) {
            for case .open(let node) in follower.tick(atMS: now) {
                opened.append((node, now))
                // All refuse at once; what they ask for next comes with the next tick.
                for case .open(let next) in follower.ended(.lost, atMS: now) {
                    opened.append((next, now))
                }
            }
        }
        #expect(opened.prefix(2).map(\.node) == [Self.one, Self.two])
        let first = opened.first { $0.node == Self.voter }
        #expect(first.map { $0.atMS >= 2 * FeedFollower.silenceMS } == true)
        #expect(opened.count < 40, "each is let alone longer and longer")
    }

    /// Goal: who is full is left alone, and whom it names is tried.
    @Test func aFullServerNamesOthers() {
        var follower = Self.follower([[Self.one]], lastResort: 1)
        #expect(follower.tick(atMS: 0) == [.open(Self.one)])
        let others = [NodeID(21), NodeID(9), NodeID(22)]
        #expect(follower.ended(.full(others: others), atMS: 10) == [.open(NodeID(21))])
        #expect(follower.ended(.lost, atMS: 20) == [.open(NodeID(22))], "not itself")
        #expect(follower.ended(.lost, atMS: 30).isEmpty)
        #expect((1...30).allSatisfy { follower.tick(atMS: 30 + $0).isEmpty })
    }

    // swift-format-ignore
    static let loops: [(what: String, path: [NodeID], isLeft: Bool)] = [
        ("to a voter",            [one, voter],                                   false),
        ("through this worker",   [one, NodeID(9), voter],                        true),
        ("too long",              (1...8).map { NodeID(100 + $0) },               true),
    ]

    @Test(arguments: loops)
    func nobodyFollowsItself(_ row: (what: String, path: [NodeID], isLeft: Bool)) {
        var follower = Self.fed()
        let actions = follower.heard(Self.beacon(row.path), atMS: 300)
        #expect(actions.contains(.leave) == row.isLeft)
        #expect(follower.answered(Self.two, Self.offer(row.path), atMS: 301).isEmpty)
        #expect((follower.standby == nil) || !row.isLeft)
    }

    /// Goal: a deposed leader's feed is left for one that is younger; not while all are old.
    @Test(arguments: [(UInt64(300), true), (8_500, false)])
    func anOldSourceIsLeftForAYoungerOne(_ row: (age: UInt64, isLeft: Bool)) {
        var follower = Self.fed()
        var isLeft = false
        var asked = 0
        for now in stride(from: UInt64(200), through: 60_000, by: 100) where !isLeft {
            _ = follower.heard(Self.beacon(age: 9_000), atMS: now)
            for case .ask(let node) in follower.tick(atMS: now) where node != Self.one {
                asked += 1
                let offer = Self.offer([node, Self.voter], age: row.age)
                isLeft = follower.answered(node, offer, atMS: now).contains(.leave) || isLeft
            }
        }
        #expect(isLeft == row.isLeft)
        #expect(asked < 90, "a question a second, and the search's, which slow down")
    }

    /// Goal: the voter that fed the first of a region lets them go when there are relays.
    @Test func aSourceThatIsNoLongerTheBestIsLeft() {
        var follower = Self.follower([[Self.voter]], lastResort: 1)
        #expect(follower.tick(atMS: 0) == [.open(Self.voter)])
        follower.setSources(
            FeedSources(tiers: [[Self.one, Self.two], [Self.voter]], lastResort: 1)
        )
        var next: NodeID?
        for now in stride(from: UInt64(100), through: 10_000, by: 100) where next == nil {
            _ = follower.heard(Self.beacon([Self.voter]), atMS: now)
            for case .ask(let node) in follower.tick(atMS: now) {
                let actions = follower.answered(node, Self.offer([node, Self.voter]), atMS: now)
                for case .open(let source) in actions { next = source }
            }
        }
        #expect(next == Self.one || next == Self.two)
    }

    @Test func oneThatFoundItsRelayAgainGoesBack() {
        var follower = Self.follower()
        #expect(follower.tick(atMS: 0) == [.open(Self.one)])
        #expect(follower.ended(.lost, atMS: 1) == [.open(Self.two)])
        #expect(follower.ended(.lost, atMS: 2) == [.open(Self.standby)])
        var back: NodeID?
        for now in stride(from: UInt64(100), through: 30_000, by: 100) where back == nil {
            _ = follower.heard(Self.beacon([Self.standby, Self.voter]), atMS: now)
            for case .ask(let node) in follower.tick(atMS: now) {
                let actions = follower.answered(node, Self.offer([node, Self.voter]), atMS: now)
                for case .open(let source) in actions { back = source }
            }
        }
        #expect(back == Self.one || back == Self.two)
    }
}
