// SPDX-License-Identifier: Apache-2.0
import Coordination
import Primitives
import Testing

/// Goal: a cluster that spans regions is led from where a quorum is nearest, and does not move for little,
/// for a moment, or often.
@Suite struct LeadershipPlaceTests {
    typealias Place = RoundTrips.Place

    private static let five = [
        Place(NodeID(1), in: "ap"), Place(NodeID(2), in: "ap"), Place(NodeID(3), in: "eu"),
        Place(NodeID(4), in: "eu"), Place(NodeID(5), in: "us"),
    ]

    /// What each of `places` measures, where regions are so far apart and neighbours 1 ms.
    private static func rows(
        _ places: [Place],
        _ far: [String: UInt64]
    ) -> [NodeID: [NodeID: UInt64]] {
        var rows: [NodeID: [NodeID: UInt64]] = [:]
        for one in places {
            for other in places where other.node != one.node {
                let pair = [one.region, other.region].sorted().joined(separator: "-")
                rows[one.node, default: [:]][other.node] =
                    one.region == other.region ? 1 : far[pair]
            }
        }
        return rows
    }

    private static let continents: [String: UInt64] = ["ap-eu": 120, "ap-us": 140, "eu-us": 60]

    struct Map: Sendable {
        var places = five
        var far = continents
        /// Who says nothing.
        var silent: [UInt64] = []
        /// Who votes, and is no worker any more.
        var retired: [UInt64] = []
        let expected: [QuorumDistance]
    }

    private static func all(_ ways: KeyValuePairs<String, UInt64>) -> [QuorumDistance] {
        ways.map { QuorumDistance(region: $0.key, milliseconds: $0.value) }
    }

    // swift-format-ignore
    static let maps: [Map] = [
        // Two of the four others are needed: in eu its neighbour and us; in ap its neighbour and eu.
        Map(expected: all(["eu": 60, "us": 60, "ap": 120])),
        Map(far: ["ap-eu": 20, "ap-us": 30, "eu-us": 40], expected: all(["ap": 20, "eu": 20, "us": 30])),
        Map(places: Array(five[..<1] + five[2...2] + five[4...]), expected: all(["eu": 60, "us": 60, "ap": 120])),
        Map(places: Array(five[..<3]),                           expected: all(["ap": 1, "eu": 120])),
        Map(places: Array(five[..<1]),                           expected: all(["ap": 0])),
        // One end's word is enough; of two that say nothing nobody knows how far they are apart.
        Map(silent: [5],                                         expected: all(["eu": 60, "us": 60, "ap": 120])),
        Map(silent: [3, 4, 5],                                   expected: all(["ap": 120, "eu": 120, "us": 140])),
        Map(silent: [1, 2, 3, 4, 5],                             expected: []),
        Map(places: [Place(NodeID(1), in: "ap"), Place(NodeID(3), in: "eu", mayLead: false),
                     Place(NodeID(5), in: "us")],                expected: all(["us": 60, "ap": 120])),
        // Two of five are gone: two of the others are needed all the same.
        Map(places: Array(five[..<3]), retired: [4, 5],          expected: all(["ap": 120, "eu": 120])),
        Map(places: Array(five[..<2]), retired: [3, 4, 5],       expected: []),
    ]

    @Test(arguments: maps)
    func aQuorumIsAsFarAsItsLastVoter(map: Map) {
        var rows = Self.rows(map.places, map.far)
        for node in map.silent { rows[NodeID(node)] = nil }
        let voters = map.places.map(\.node) + map.retired.map { NodeID($0) }
        #expect(RoundTrips(rows).distances(of: map.places, among: voters) == map.expected)
    }

    @Test func whoWasBusyIsNotFarther() {
        var rows = Self.rows(Self.five, Self.continents)
        rows[NodeID(3)]?[NodeID(5)] = 900
        let distances = RoundTrips(rows).distances(of: Self.five, among: Self.five.map(\.node))
        #expect(distances == Self.all(["eu": 60, "us": 60, "ap": 120]))
    }

    // MARK: - When to move

    /// Ways to a quorum at a moment, and what is wanted then.
    struct Moment: Sendable {
        let atSeconds: UInt64
        let ways: [QuorumDistance]
        let wanted: String?
        /// Where the votes' priorities are by then.
        var region: String? = "ap"
    }

    private static func at(
        _ seconds: UInt64,
        _ ap: UInt64,
        _ eu: UInt64,
        _ wanted: String?,
        in region: String? = "ap"
    ) -> Moment {
        let ways = [
            QuorumDistance(region: "ap", milliseconds: ap),
            QuorumDistance(region: "eu", milliseconds: eu),
        ]
        return Moment(
            atSeconds: seconds,
            ways: ways.sorted { $0.milliseconds < $1.milliseconds },
            wanted: wanted,
            region: region
        )
    }

    private static func three(
        _ seconds: UInt64,
        _ ap: UInt64,
        _ eu: UInt64,
        _ us: UInt64,
        _ wanted: String
    ) -> Moment {
        let ways = all(["ap": ap, "eu": eu, "us": us])
        return Moment(
            atSeconds: seconds,
            ways: ways.sorted { $0.milliseconds < $1.milliseconds },
            wanted: wanted
        )
    }

    // swift-format-ignore
    static let stories: [(what: String, moments: [Moment])] = [
        ("after a minute",         [at(0, 120, 60, "ap"), at(59, 120, 60, "ap"), at(60, 120, 60, "eu")]),
        ("not for a fifth less 1", [at(0, 100, 81, "ap"), at(600, 100, 81, "ap")]),
        ("for a fifth",            [at(0, 100, 80, "ap"), at(60, 100, 80, "eu")]),
        ("not for 4 ms",           [at(0, 6, 2, "ap"), at(600, 6, 2, "ap")]),
        ("for 5 ms",               [at(0, 6, 1, "ap"), at(60, 6, 1, "eu")]),
        ("a break begins anew",    [at(0, 120, 60, "ap"), at(50, 60, 60, "ap"), at(51, 120, 60, "ap"),
                                    at(110, 120, 60, "ap"), at(111, 120, 60, "eu")]),
        ("ten minutes of rest",    [at(0, 120, 60, "ap"), at(60, 120, 60, "eu"),
                                    at(61, 120, 60, "eu", in: "eu"), at(62, 60, 120, "eu", in: "eu"),
                                    at(600, 60, 120, "eu", in: "eu"), at(661, 60, 120, "ap", in: "eu")]),
        ("two take turns",         [three(0, 120, 60, 61, "ap"), three(30, 120, 61, 60, "ap"),
                                    three(50, 120, 60, 61, "ap"), three(60, 120, 61, 60, "eu")]),
        ("a third is much nearer", [three(0, 120, 60, 61, "ap"), three(30, 120, 60, 9, "ap"),
                                    three(60, 120, 60, 9, "ap"), three(90, 120, 60, 9, "us")]),
        ("no quorum from there",   [Moment(atSeconds: 0, ways: all(["eu": 60]), wanted: "ap"),
                                    Moment(atSeconds: 60, ways: all(["eu": 60]), wanted: "eu")]),
        ("nothing measured",       [Moment(atSeconds: 0, ways: [], wanted: "ap"),
                                    Moment(atSeconds: 600, ways: [], wanted: "ap")]),
        ("no priorities yet",      [Moment(atSeconds: 0, ways: all(["eu": 60]), wanted: nil, region: nil),
                                    Moment(atSeconds: 600, ways: all(["eu": 60]), wanted: nil, region: nil)]),
    ]

    @Test(arguments: stories)
    func itMovesForMuchForLongAndSeldom(what: String, moments: [Moment]) {
        var place = LeadershipPlace()
        for moment in moments {
            let now = 7_000 + moment.atSeconds * 1_000
            place.saw(moment.region.map { [$0] } ?? [], atMS: now)
            place.judge(moment.ways, atMS: now)
            #expect(place.wanted == moment.wanted, "\(what), after \(moment.atSeconds) s")
        }
    }

    @Test func whoOnlyFollowedKnowsWhenItMoved() {
        var place = LeadershipPlace()
        place.saw(["ap"], atMS: 1_000)
        place.saw(["eu"], atMS: 2_000)
        for second in UInt64(3)...601 {
            place.judge(Self.all(["ap": 60, "eu": 120]), atMS: second * 1_000)
            #expect(place.wanted == "eu")
        }
        place.judge(Self.all(["ap": 60, "eu": 120]), atMS: 602_000)
        #expect(place.wanted == "ap")
    }

    /// Goal: a worker that is replaced takes the place with it neither at once nor for ten minutes.
    @Test func whoIsGoneSaysNothing() {
        var place = LeadershipPlace()
        place.saw(["eu", "eu"], atMS: 1_000)
        for places in [[nil, "eu"], [nil, nil], [nil]] {
            place.saw(places, atMS: 2_000)
            place.judge(Self.all(["ap": 60, "eu": 120]), atMS: 2_000)
            #expect(place.region == "eu" && place.wanted == "eu", "\(places)")
        }
        // That was no move: no ten minutes of rest.
        place.judge(Self.all(["ap": 60, "eu": 120]), atMS: 62_000)
        #expect(place.wanted == "ap")
        place.saw([], atMS: 63_000)
        #expect(place.region == nil, "nobody has priority any more")
    }

    @Test func itSaysWhy() {
        var place = LeadershipPlace()
        #expect(place.reason == nil)
        place.saw(["ap"], atMS: 0)
        place.judge(Self.all(["ap": 60, "eu": 61]), atMS: 0)
        #expect(place.reason == "from ap; to a quorum it is ap 60 ms, eu 61 ms")
        place.judge(Self.all(["eu": 30, "ap": 60]), atMS: 0)
        place.judge(Self.all(["eu": 30, "ap": 60]), atMS: 20_001)
        #expect(
            place.reason
                == "from ap; to a quorum it is eu 30 ms, ap 60 ms; eu takes over in 40s if that lasts"
        )
        place.judge(Self.all(["eu": 30, "ap": 60]), atMS: 60_000)
        #expect(place.reason?.hasSuffix("; eu takes over now") == true)
    }

    @Test func theShortestOfSomeSecondsCounts() {
        var trip = ShortestTrip()
        #expect(trip.milliseconds == nil)
        trip.add(80, atMS: 0)
        trip.add(60, atMS: 1_000)
        trip.add(300, atMS: 4_999)
        #expect(trip.milliseconds == 60)
        trip.add(120, atMS: 5_000)
        #expect(trip.milliseconds == 60, "not longer than ten seconds ago")
        trip.add(130, atMS: 10_000)
        #expect(trip.milliseconds == 120)
    }

    /// What is measured first behind a silence, and what counts then.
    @Test(arguments: [(9_999, 60), (10_000, 90), (3_600_000, 90)] as [(UInt64, UInt64)])
    func theTripBeforeASilenceCountsForTenSeconds(atMS: UInt64, counts: UInt64) {
        var trip = ShortestTrip()
        trip.add(60, atMS: 0)
        trip.add(90, atMS: atMS)
        #expect(trip.milliseconds == counts)
    }
}
