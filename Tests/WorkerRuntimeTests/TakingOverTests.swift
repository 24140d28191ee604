// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import ClientRuntime
import Codecs
import PageStorage
import PageTransport
import PlacementCore
import Primitives
import Telemetry
import TestKit
import Testing
import WorkerRuntime

/// Goal: while earlier epochs count, whoever owned a page then is asked for it before the origin.
@Suite(.serialized)
struct TakingOverTests {
    private static let three: [UInt64] = [1, 2, 3]
    private static let four: [UInt64] = [1, 2, 3, 4]

    /// Worker 4 has joined three; a name that was worker 1's is its own now.
    private static func joined() async throws -> (fleet: Fleet, name: ByteString) {
        let fleet = try await Fleet(3)
        try await fleet.start(4)
        return (fleet, Fleet.name(ownedBy: 1, of: three, then: 4, of: four))
    }

    private static func join(_ fleet: Fleet) {
        fleet.world.setRing(2, members: four, previous: [(1, three)])
    }

    @Test func aPageOfTheEarlierOwnerIsTakenFromThere() async throws {
        let (fleet, name) = try await Self.joined()
        fleet.put(name, byteCount: 1_000)
        #expect(await fleet[1].read(name, byteCount: 1_000) == .origin)
        Self.join(fleet)
        #expect(await fleet[4].read(name, byteCount: 1_000, epoch: 2) == .peer)
        #expect(await fleet[4].read(name, byteCount: 1_000, epoch: 2) == .local)
        #expect(fleet.origin.reads.count == 1)
        #expect(fleet[4].misses == ["ring-moved": 1])
        #expect(fleet[4].counter(.handoffBytes, "in") == 1_000)
        #expect(fleet[1].counter(.handoffBytes, "out") == 1_000)
        await fleet.stop()
    }

    /// What the earlier owner has not goes to the origin, each gap in one request.
    @Test func aRunIsTakenWhereItIsAndTheGapsAreFetched() async throws {
        let (fleet, name) = try await Self.joined()
        let byteCount = 8 * pageBytes
        fleet.put(name, byteCount: byteCount)
        for page in [UInt32(1), 2, 5] {
            await fleet[1].read(name, byteCount: byteCount, page: page)
        }
        Self.join(fleet)
        let before = fleet.origin.reads.count
        let source = await fleet[4].read(
            name,
            byteCount: byteCount,
            epoch: 2,
            readAhead: UInt64(7 * pageBytes)
        )
        #expect(source == .origin)
        for page in UInt32(1)..<8 {
            #expect(
                await fleet[4].read(name, byteCount: byteCount, page: page, epoch: 2) == .local
            )
        }
        let gaps = fleet.origin.reads[before...].map {
            Int($0.lowerBound) / pageBytes..<Int($0.upperBound) / pageBytes
        }
        #expect(gaps.sorted { $0.lowerBound < $1.lowerBound } == [0..<1, 3..<4, 4..<5, 6..<8])
        #expect(fleet[4].counter(.handoffBytes, "in") == UInt64(3 * pageBytes))
        #expect(fleet.originBytes("rebalance") == 0)
        await fleet.stop()
    }

    /// One row: what became of the earlier owner, and what the new one's read counts as.
    struct Fate: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let cause: String
        let reason: String
        let befall: @Sendable (Fleet, ByteString) async -> Void
    }

    static let fates: [Fate] = [
        Fate(testDescription: "never had it", cause: "read", reason: "cold") { _, _ in },
        Fate(testDescription: "died", cause: "lost", reason: "ring-moved") { fleet, name in
            await fleet[1].read(name, byteCount: 1_000)
            await fleet.kill(1)
        },
        Fate(testDescription: "is doubted", cause: "lost", reason: "ring-moved") { fleet, name in
            await fleet[1].read(name, byteCount: 1_000)
            fleet[4].suspects.failed(NodeID(1))
        },
        Fate(testDescription: "was removed", cause: "lost", reason: "ring-moved") { fleet, name in
            await fleet[1].read(name, byteCount: 1_000)
            fleet.world.setState(.removed, of: 1)
        },
        Fate(testDescription: "evicted it", cause: "rebalance", reason: "ring-moved") {
            fleet,
            name in
            await fleet[1].read(name, byteCount: 1_000)
            for number in 0..<400 where fleet[1].holds(name, byteCount: 1_000) {
                let other = ByteString("other-\(number)")
                fleet.put(other, byteCount: pageBytes)
                await fleet[1].read(other, byteCount: pageBytes)
            }
        },
    ]

    @Test(arguments: fates) func theCauseSaysWhatBecameOfTheHolder(fate: Fate) async throws {
        let fleet = try await Fleet(3, mebibytes: 4)
        try await fleet.start(4)
        let name = Fleet.name(ownedBy: 1, of: Self.three, then: 4, of: Self.four)
        fleet.put(name, byteCount: 1_000)
        await fate.befall(fleet, name)
        Self.join(fleet)
        #expect(await fleet[4].read(name, byteCount: 1_000, epoch: 2) == .origin)
        #expect(fleet[4].misses == [fate.reason: 1])
        #expect(fleet[4].counter(.originReadBytes, Fleet.mount.text, fate.cause) == 1_000)
        await fleet.stop()
    }

    /// The ring is settled, and a suspended worker keeps what nobody else has.
    @Test func aSuspendedWorkersPageIsTakenFromItOrCountedAsLost() async throws {
        let fleet = try await Fleet(3)
        let names = (0..<2_000).map { ByteString("f\($0)") }
            .filter { Fleet.owners(of: $0, among: Self.three).first == 1 }
        let (here, gone) = (names[0], names[1])
        for name in [here, gone] {
            fleet.put(name, byteCount: 1_000)
            await fleet[1].read(name, byteCount: 1_000)
        }
        fleet.world.setState(.suspended, of: 1)
        fleet.world.setRing(2, members: [2, 3], previous: [])
        let heir = try #require(Fleet.owners(of: here, among: [2, 3]).first)
        #expect(await fleet[heir].read(here, byteCount: 1_000, epoch: 2) == .peer)
        await fleet.kill(1)
        let other = try #require(Fleet.owners(of: gone, among: [2, 3]).first)
        #expect(await fleet[other].read(gone, byteCount: 1_000, epoch: 2) == .origin)
        #expect(fleet.originBytes("lost") == 1_000)
        await fleet.stop()
    }

    /// With copies, a new first owner asks the others that hold one, also when all is settled.
    @Test func aNewFirstOwnerAsksTheReplicas() async throws {
        let fleet = try await Fleet(3, replicas: 2)
        try await fleet.start(4)
        let name = Fleet.name(ownedBy: 1, of: Self.three, then: 4, of: Self.four)
        fleet.put(name, byteCount: 1_000)
        await fleet[1].read(name, byteCount: 1_000)
        fleet.world.setRing(2, members: Self.four, previous: [])
        #expect(await fleet[4].read(name, byteCount: 1_000, epoch: 2) == .peer)
        await fleet.stop()
    }
}
