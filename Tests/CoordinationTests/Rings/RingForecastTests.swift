// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import ElasticCore
import Primitives
import Testing

/// What changes of the workers would move, and what is refused.
struct RingForecastTests {
    private static let gibibyte: UInt64 = 1 << 30

    /// Three workers of 100 GiB, each half full with pages of 1 MiB.
    private static func forecast(
        _ changes: [RingForecast.Change],
        used: UInt64 = 50,
        replicas: UInt8 = 1,
        rate: UInt64? = nil
    ) throws -> RingForecast {
        let world = RingStewardTests.World(workers: 3)
        for number in 1...3 {
            world.apply(.register(RingStewardTests.World.registration(number, gibibytes: 100)))
        }
        world.apply(
            .putMount(
                path: "/data",
                Mount(origin: "s3://b", replicas: replicas),
                .absent(plain: true)
            )
        )
        return try RingForecast(
            of: changes,
            in: "ap",
            world.catalog,
            loads: { $0.rawValue <= 3 ? .init(bytes: used << 30, pages: used << 10) : nil },
            bytesPerSecond: rate
        )
    }

    @Test func aDrainGivesEverythingToTheOthers() throws {
        let forecast = try Self.forecast([.drain("w3")], rate: Self.gibibyte)
        #expect((49 * Self.gibibyte...51 * Self.gibibyte).contains(forecast.moved.bytes))
        #expect((50_000...52_000).contains(forecast.moved.pages))
        #expect((49...51).contains(forecast.seconds ?? 0))
        #expect(forecast.heirs.map(\.rawValue) == [1, 2] && forecast.refusals.isEmpty)
        let gone = try #require(forecast.worker(named: "w3"))
        #expect(gone.shareAfter == nil && gone.usedAfter < Self.gibibyte)
        let sum = forecast.workers.reduce(0) { $0 + $1.usedAfter }
        #expect((148 * Self.gibibyte...152 * Self.gibibyte).contains(sum), "nothing gets lost")
    }

    @Test func aJoinTakesItsShare() throws {
        let forecast = try Self.forecast([
            .add(name: "w4", zone: "z", capacity: 100 * Self.gibibyte)
        ])
        let newcomer = try #require(forecast.worker(named: "w4"))
        #expect(newcomer.shareBefore == nil && newcomer.usedBefore == 0)
        #expect((25 * Self.gibibyte...52 * Self.gibibyte).contains(newcomer.usedAfter))
        #expect(forecast.moved.bytes == newcomer.usedAfter, "nothing else moves")
    }

    @Test func whatIsRemovedIsLostAndNotMoved() throws {
        let forecast = try Self.forecast([.remove("w2")])
        #expect(forecast.moved.bytes == 0 && forecast.seconds == 0)
        #expect((49 * Self.gibibyte...51 * Self.gibibyte).contains(forecast.lost.bytes))
    }

    // swift-format-ignore
    static let refusals: [(changes: [RingForecast.Change], used: UInt64, replicas: UInt8, says: String?)] = [
        ([.drain("w1")],                                      50, 1, nil),
        ([.drain("w1")],                                      90, 1, "would hold"),
        ([.drain("w1"), .add(name: "w4", zone: "z", capacity: 200 << 30)], 70, 1, nil),
        ([.drain("w1")],                                      10, 3, "keeps 3 replicas"),
        ([.drain("w1"), .drain("w2"), .drain("w3")],          10, 1, "no active worker"),
        ([.reweight("w1", capacity: 10 << 30)],               60, 1, "w1 would hold"),
    ]

    @Test(arguments: refusals)
    func whatDoesNotFitIsRefusedWithNumbers(
        _ row: (changes: [RingForecast.Change], used: UInt64, replicas: UInt8, says: String?)
    ) throws {
        let forecast = try Self.forecast(row.changes, used: row.used, replicas: row.replicas)
        if let says = row.says {
            #expect(forecast.refusals.contains { $0.contains(says) }, "\(forecast.refusals)")
        } else {
            #expect(forecast.refusals.isEmpty, "\(row.changes): \(forecast.refusals)")
        }
    }

    // swift-format-ignore
    static let problems: [(change: RingForecast.Change, problem: RingForecast.Problem)] = [
        (.drain("w9"),                                  .noSuchWorker("w9")),
        (.reweight("w9", capacity: 1),                  .noSuchWorker("w9")),
        (.add(name: "w1", zone: "z", capacity: 1),      .nameTaken("w1")),
    ]

    @Test(arguments: problems)
    func impossibleChanges(_ row: (change: RingForecast.Change, problem: RingForecast.Problem)) {
        #expect(throws: row.problem) { try Self.forecast([row.change]) }
    }
}
