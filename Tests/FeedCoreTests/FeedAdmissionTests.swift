// SPDX-License-Identifier: Apache-2.0
import FeedCore
import Primitives
import Testing

@Suite(.timeLimit(.minutes(1)))
struct FeedAdmissionTests {
    static func node(_ number: Int) -> NodeID { NodeID(UInt64(number)) }

    // swift-format-ignore
    static let bounds: [(what: String, isDirect: Bool, isVoter: Bool, bound: Int)] = [
        ("a relay and its observers", false, false, FeedTree.streamsPerServer),
        ("a voter and its relays",    true,  true,  FeedTree.streamsPerServer),
        ("a voter and observers",     false, true,  FeedAdmission.observersOfVoter),
    ]

    @Test(arguments: bounds)
    func aServerTakesSoManyAndNoMore(
        _ row: (what: String, isDirect: Bool, isVoter: Bool, bound: Int)
    ) throws {
        var admission = FeedAdmission()
        var tickets: [FeedAdmission.Ticket] = []
        for number in 1...400 {
            let ticket = admission.admit(
                Self.node(number),
                of: "ap",
                isDirect: row.isDirect,
                isVoter: row.isVoter
            )
            if let ticket { tickets.append(ticket) }
        }
        #expect(tickets.count == row.bound && admission.count == row.bound)
        #expect(!admission.hasRoom(isDirect: row.isDirect, isVoter: row.isVoter))
        admission.release(try #require(tickets.first), of: Self.node(1))
        #expect(admission.hasRoom(isDirect: row.isDirect, isVoter: row.isVoter))
    }

    @Test func relaysFindRoomAtAVoterFullOfObservers() {
        var admission = FeedAdmission()
        for number in 1...FeedAdmission.observersOfVoter {
            #expect(
                admission.admit(Self.node(number), of: "ap", isDirect: false, isVoter: true) != nil
            )
        }
        #expect(admission.admit(nil, of: "ap", isDirect: false, isVoter: true) == nil)
        #expect(admission.admit(Self.node(99), of: "ap", isDirect: true, isVoter: true) != nil)
    }

    @Test func aWorkerThatComesAgainTakesItsOwnPlace() throws {
        var admission = FeedAdmission()
        for number in 1...FeedTree.streamsPerServer {
            _ = admission.admit(Self.node(number), of: "ap", isDirect: false, isVoter: false)
        }
        let first = admission.admit(Self.node(7), of: "ap", isDirect: false, isVoter: false)
        let second = admission.admit(Self.node(7), of: "ap", isDirect: false, isVoter: false)
        let (old, new) = (try #require(first), try #require(second))
        #expect(!admission.holds(old, of: Self.node(7)) && admission.holds(new, of: Self.node(7)))
        admission.release(old, of: Self.node(7))  // Late: the newer one stays.
        #expect(admission.holds(new, of: Self.node(7)))
        #expect(admission.count == FeedTree.streamsPerServer)
    }

    @Test func whoIsSentOnIsNamedOthersOfItsRegion() {
        var admission = FeedAdmission()
        for number in 1...10 {
            let region = number % 2 == 0 ? "ap" : "eu"
            _ = admission.admit(Self.node(number), of: region, isDirect: false, isVoter: false)
        }
        let others = admission.others(for: Self.node(2), of: "ap")
        #expect(others.count == FeedAdmission.mostNamed)
        #expect(Set(others) == Set([4, 6, 8, 10].map(Self.node)), "neither itself nor eu")
        #expect(admission.others(for: Self.node(99), of: "us").isEmpty)
    }
}
