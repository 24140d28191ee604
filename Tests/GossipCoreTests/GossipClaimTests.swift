// SPDX-License-Identifier: Apache-2.0

import GossipCore
import Primitives
import Testing

/// Goal: the order in which claims come, and how often, makes no difference.
///
/// Method: every sequence of three of all small claims against the greatest of them.
@Suite struct GossipClaimTests {
    private static let claims = (UInt64(1)...3).flatMap { incarnation in
        MemberState.allCases.map { GossipClaim($0, in: incarnation) }
    }

    @Test func whatIsBelievedIsTheGreatestClaimInAnyOrder() {
        let rumour = { GossipRumour(NodeID(2), $0, by: NodeID(3)) }
        var checked = 0
        for first in Self.claims {
            for second in Self.claims {
                for third in Self.claims {
                    var member = Member(1, of: 3)
                    member.hear([first, second, third, second, first].map(rumour))
                    let greatest = max(first, second, third)
                    #expect(member.gossip.claim(of: NodeID(2)) == greatest)
                    checked += 1
                }
            }
        }
        #expect(checked == 12 * 12 * 12)
    }

    @Test func confirmationsCountTheSameInAnyOrder() {
        let rumours = [4, 5, 6, 4].map {
            GossipRumour(NodeID(2), GossipClaim(.suspect, in: 0), by: NodeID($0))
        }
        var deaths: Set<UInt64> = []
        for shift in rumours.indices {
            var member = Member(1, of: 20)
            member.hear(Array(rumours[shift...] + rumours[..<shift]))
            deaths.insert(member.timeOfDeath(of: 2))
        }
        #expect(deaths.count == 1, "\(deaths)")
    }

    @Test func onlyAHigherIncarnationRevives() {
        var member = Member(1, of: 3)
        member.hear([GossipRumour(NodeID(2), GossipClaim(.dead, in: 7), by: NodeID(3))])
        member.hear([GossipRumour(NodeID(2), GossipClaim(.alive, in: 7), by: NodeID(2))])
        #expect(member.gossip.state(of: NodeID(2)) == .dead)
        member.hear([GossipRumour(NodeID(2), GossipClaim(.alive, in: 8), by: NodeID(2))])
        #expect(member.gossip.state(of: NodeID(2)) == .alive)
    }

    @Test(arguments: [MemberState.suspect, .dead, .left])
    func aMemberObjectsToWhatIsSaidOfIt(state: MemberState) {
        var member = Member(1, of: 3)
        member.hear([GossipRumour(NodeID(1), GossipClaim(state, in: 41), by: NodeID(3))])
        #expect(member.gossip.incarnation == 42)
        #expect(member.gossip.counters.objections == 1)
        let told = member.told(about: 1)
        #expect(told.contains(GossipClaim(.alive, in: 42)), "\(told)")
    }

    @Test func aMemberThatLeavesDoesNotObjectToIt() {
        var member = Member(1, of: 3)
        member.give(.leave)
        let incarnation = member.gossip.incarnation
        for state in MemberState.allCases {
            let claim = GossipClaim(state, in: incarnation)
            member.hear([GossipRumour(NodeID(1), claim, by: NodeID(3))])
        }
        #expect(member.gossip.incarnation == incarnation)
        #expect(member.gossip.state(of: NodeID(1)) == .left)
    }
}
