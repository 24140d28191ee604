// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import ElasticCore
import PageStorage
import PageTransport
import PlacementCore
import Primitives
import Telemetry
import TestKit
import Testing
import WorkerRuntime

/// Pages that more than one worker keeps: because a mount says so, or because they are hot.
@Suite("Copies at other workers")
struct CopyingTests {
    private static let size = 20_000

    /// Whether exactly these workers hold a page, sooner or later.
    private static func isHeld(
        _ name: ByteString,
        by holders: some Sequence<UInt64>,
        of fleet: Fleet
    ) async -> Bool {
        let wanted = Set(holders)
        return await eventually {
            fleet.all.allSatisfy {
                $0.holds(name, byteCount: size) == wanted.contains($0.node.rawValue)
            }
        }
    }

    private static func names(_ count: Int) -> [ByteString] {
        (0..<count).map { ByteString("copied/\($0)") }
    }

    /// Stores files at the origin and has each read once, at its first owner.
    private static func warm(_ fleet: Fleet, _ names: [ByteString], _ members: [UInt64]) async {
        for name in names {
            fleet.put(name, byteCount: size)
            let owner = Fleet.owners(of: name, among: members)[0]
            #expect(await fleet[owner].read(name, byteCount: size) == .origin)
        }
    }

    private static func copiesTold(in reply: PageReply) -> UInt8 {
        guard case .page(_, _, _, let copies) = reply else { return 0 }
        return copies
    }

    @Test(arguments: [UInt8(2), 3])
    func aPageReadOnceIsKeptByAsManyAsTheMountSays(replicas: UInt8) async throws {
        let fleet = try await Fleet(4, replicas: replicas)
        let names = Self.names(12)
        await Self.warm(fleet, names, [1, 2, 3, 4])
        for name in names {
            let owners = Fleet.owners(of: name, among: [1, 2, 3, 4], count: Int(replicas))
            #expect(await Self.isHeld(name, by: owners, of: fleet), "\(name)")
        }
        #expect(fleet.originBytes("read") == UInt64(names.count * Self.size))
        #expect(fleet.origin.reads.count == names.count)
        await fleet.stop()
    }

    @Test func whatADeadWorkerHeldIsReadFromItsCopiesAndCopiedAnew() async throws {
        let fleet = try await Fleet(4, replicas: 2)
        let names = Self.names(16)
        await Self.warm(fleet, names, [1, 2, 3, 4])
        for name in names {
            let owners = Fleet.owners(of: name, among: [1, 2, 3, 4], count: 2)
            #expect(await Self.isHeld(name, by: owners, of: fleet))
        }
        await fleet.kill(1)
        fleet.world.setState(.removed, of: 1)
        fleet.world.setRing(2, members: [2, 3, 4], previous: [(1, of: [1, 2, 3, 4])])
        for name in names {
            let owner = Fleet.owners(of: name, among: [2, 3, 4])[0]
            #expect(await fleet[owner].read(name, byteCount: Self.size, epoch: 2) != .origin)
        }
        fleet.world.setRing(2, members: [2, 3, 4], previous: [])
        for name in names {
            let owners = Fleet.owners(of: name, among: [2, 3, 4], count: 2)
            #expect(await Self.isHeld(name, by: owners, of: fleet), "\(name)")
        }
        #expect(fleet.originBytes("lost") == 0 && fleet.originBytes("rebalance") == 0)
        await fleet.stop()
    }

    @Test func fewerReplicasLetTheOthersGo() async throws {
        let fleet = try await Fleet(3, replicas: 3)
        let names = Self.names(8)
        await Self.warm(fleet, names, [1, 2, 3])
        for name in names { #expect(await Self.isHeld(name, by: [1, 2, 3], of: fleet)) }
        fleet.world.setReplicas(1)
        for name in names {
            let owner = Fleet.owners(of: name, among: [1, 2, 3])[0]
            #expect(await Self.isHeld(name, by: [owner], of: fleet), "\(name)")
        }
        fleet.world.setReplicas(2)
        for name in names {
            let owners = Fleet.owners(of: name, among: [1, 2, 3], count: 2)
            #expect(await Self.isHeld(name, by: owners, of: fleet), "\(name)")
        }
        await fleet.stop()
    }

    @Test func aCopyThatWentForWantOfRoomIsNoRebalance() async throws {
        let fleet = try await Fleet(2, mebibytes: 3, replicas: 2)
        let names = Self.names(8)
        let size = pageBytes
        for round in 0..<2 {
            for name in names {
                if round == 0 { fleet.put(name, byteCount: size) }
                let owner = Fleet.owners(of: name, among: [1, 2])[0]
                #expect(await fleet[owner].read(name, byteCount: size) != nil)
            }
        }
        let read = fleet.originBytes("read")
        #expect(read > UInt64(names.count * size), "nothing had to go: the caches are too large")
        #expect(fleet.originBytes("rebalance") == 0)
        await fleet.stop()
    }

    @Test func aHotUnitIsCopiedToTheSpareOwnersAndGoesWhenItHasCooled() async throws {
        let fleet = try await Fleet(3)
        let name: ByteString = "hot"
        await Self.warm(fleet, [name], [1, 2, 3])
        let owner = fleet[Fleet.owners(of: name, among: [1, 2, 3])[0]]
        let request = Fleet.request(name, byteCount: Self.size)
        // A second's worth of heat at a time, until everybody has it and readers are told so.
        let isSpread = await eventually {
            for _ in 0..<2 * CopyLevels.raise {
                owner.pages.noteRead(request, byteCount: Self.size)
            }
            owner.copyClock.putForward(by: 1_000)
            return Self.copiesTold(in: await owner.pages.read(request)) == 3
        }
        #expect(isSpread)
        #expect(await Self.isHeld(name, by: [1, 2, 3], of: fleet))

        for worker in fleet.all { worker.copyClock.putForward(by: GuestCopies.idleMS + 2_000) }
        #expect(await Self.isHeld(name, by: [owner.node.rawValue], of: fleet))
        #expect(fleet.origin.reads.count == 1)
        await fleet.stop()
    }
}
