// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import ClientRuntime
import Codecs
import ElasticCore
import PageStorage
import PageTransport
import PlacementCore
import Primitives
import Synchronization
import Telemetry
import TestKit
import Testing
import WorkerRuntime

/// Files of a fleet that were read once, and where their pages should be.
struct FleetFiles: Sendable {
    /// Small ones of one page, and one of two units.
    static func names(_ count: Int) -> [(name: ByteString, byteCount: Int)] {
        (0..<count).map { number in
            (ByteString("set/\(number)"), number == 0 ? 66 * pageBytes + 5 : 20_000 + number)
        }
    }

    let files: [(name: ByteString, byteCount: Int)]

    /// What is read of them: every page of the small ones, of the large one those around two units.
    var pages: [(name: ByteString, byteCount: Int, page: UInt32)] {
        files.flatMap { name, byteCount in
            let count = PageGeometry(byteCount: UInt64(byteCount))?.pageCount ?? 0
            return (0..<count).filter { $0 < 3 || $0 > 61 }.map { (name, byteCount, $0) }
        }
    }

    static func owner(
        _ page: (name: ByteString, byteCount: Int, page: UInt32),
        among members: [UInt64]
    ) -> UInt64 {
        Fleet.owners(of: page.name, unit: PageGeometry.unit(ofPage: page.page), among: members)[0]
    }

    /// Bytes whose first owner differs between two rings.
    func movingBytes(from before: [UInt64], to after: [UInt64]) -> UInt64 {
        pages.filter { Self.owner($0, among: before) != Self.owner($0, among: after) }
            .reduce(0) { sum, page in
                let geometry = PageGeometry(byteCount: UInt64(page.byteCount))
                return sum + UInt64(geometry?.byteCount(ofPage: page.page) ?? 0)
            }
    }
}

extension Fleet {
    /// Stores files at the origin and has every page read at its first owner.
    func warm(_ count: Int, members: [UInt64], epoch: UInt64 = 1) async -> FleetFiles {
        let files = FleetFiles(files: FleetFiles.names(count))
        for (name, byteCount) in files.files { put(name, byteCount: byteCount) }
        for page in files.pages {
            let source = await self[FleetFiles.owner(page, among: members)].read(
                page.name,
                byteCount: page.byteCount,
                page: page.page,
                epoch: epoch
            )
            #expect(source == .origin || source == .local)
        }
        return files
    }

    /// Every page at its owner and right; at nobody else of `members`.
    func expectPlaced(_ files: FleetFiles, among members: [UInt64], epoch: UInt64) async {
        for page in files.pages {
            let owner = FleetFiles.owner(page, among: members)
            let source = await self[owner].read(
                page.name,
                byteCount: page.byteCount,
                page: page.page,
                epoch: epoch
            )
            #expect(source == .local, "\(page.name) \(page.page) at \(owner)")
        }
    }

    func untilDone(_ epoch: UInt64, _ numbers: [UInt64]) async -> Bool {
        await eventually { numbers.allSatisfy { self[$0].reports.done(epoch) != nil } }
    }

    var handedOut: UInt64 { all.reduce(0) { $0 + $1.counter(.handoffBytes, "out") } }
}

/// Tells readers to stop; a cancelled read would be one that failed.
private final class EndOfReading: Sendable {
    private let state = Atomic(false)

    var hasCome: Bool { state.load(ordering: .relaxed) }

    func come() { state.store(true, ordering: .relaxed) }
}

/// Goal: pages follow the ring, each once and right, without the origin.
@Suite(.serialized)
struct HandoffTests {
    private static let three: [UInt64] = [1, 2, 3]
    private static let four: [UInt64] = [1, 2, 3, 4]

    /// Reads pages at random at whoever is a member by epoch `epoch`, while `body` runs.
    private static func reading(
        _ fleet: Fleet,
        _ files: FleetFiles,
        by readers: [(epoch: UInt64, members: [UInt64])],
        _ body: () async -> Void
    ) async {
        let end = EndOfReading()
        await withTaskGroup(of: Int.self) { group in
            for (index, reader) in readers.enumerated() {
                group.addTask {
                    var random = SplitMix64(seed: UInt64(index))
                    var count = 0
                    while !end.hasCome {
                        await readOne(fleet, files, reader, &random)
                        count += 1
                    }
                    return count
                }
            }
            await body()
            end.come()
            for await count in group { #expect(count > 0) }
        }
    }

    private static func readOne(
        _ fleet: Fleet,
        _ files: FleetFiles,
        _ reader: (epoch: UInt64, members: [UInt64]),
        _ random: inout SplitMix64
    ) async {
        guard let page = files.pages.randomElement(using: &random) else { return }
        let owner = FleetFiles.owner(page, among: reader.members)
        let request = Fleet.request(
            page.name,
            byteCount: page.byteCount,
            page: page.page,
            epoch: reader.epoch
        )
        let reply = await fleet[owner].pages.read(request)
        let isRight = Fleet.isRight(reply, page.name, byteCount: page.byteCount, page: page.page)
        if !isRight, case .page = reply { Issue.record("wrong bytes of \(page)") }
        #expect(isRight, "\(page) by epoch \(reader.epoch) at \(owner)")
    }

    @Test func aWorkerThatJoinsGetsItsShare() async throws {
        let fleet = try await Fleet(3)
        let files = await fleet.warm(60, members: Self.three)
        let read = fleet.origin.reads.count
        try await fleet.start(4)
        await Self.reading(fleet, files, by: [(1, Self.three), (2, Self.four)]) {
            fleet.world.setRing(2, members: Self.four, previous: [(1, Self.three)])
            #expect(await fleet.untilDone(2, Self.four))
        }
        let least = files.movingBytes(from: Self.three, to: Self.four)
        #expect(least > 0)
        let moved = Self.three.reduce(UInt64(0)) {
            $0 + (fleet[$1].reports.done(2)?.movedBytes ?? 0)
        }
        #expect(moved <= least)
        #expect(fleet.handedOut * 10 <= least * 12, "\(fleet.handedOut) of \(least)")
        #expect(fleet.origin.reads.count == read)
        await fleet.expectPlaced(files, among: Self.four, epoch: 2)
        for page in files.pages where page.byteCount < pageBytes {
            let owner = FleetFiles.owner(page, among: Self.four)
            let holders = Self.four.filter {
                fleet[$0].holds(page.name, byteCount: page.byteCount)
            }
            #expect(holders == [owner], "\(page.name)")
        }
        await fleet.stop()
    }

    @Test func aWorkerThatDrainsGivesEverythingAndKeepsItToBeUndrained() async throws {
        let fleet = try await Fleet(4)
        let files = await fleet.warm(60, members: Self.four)
        let held = fleet[2].store.statistics.pageCount
        #expect(held > 0)
        fleet.world.setState(.draining, of: 2)
        fleet.world.setRing(2, members: [1, 3, 4], previous: [(1, Self.four)])
        #expect(await fleet.untilDone(2, Self.four))
        let done = try #require(fleet[2].reports.done(2))
        #expect(done.movedPages == held && done.refusedPages == 0 && done.remainingPages == 0)
        await fleet.expectPlaced(files, among: [1, 3, 4], epoch: 2)
        #expect(fleet[2].store.statistics.pageCount == held)
        #expect(fleet.originBytes("rebalance") == 0)

        let out = fleet.handedOut
        fleet.world.setState(.active, of: 2)
        fleet.world.setRing(3, members: Self.four, previous: [(2, [1, 3, 4]), (1, Self.four)])
        #expect(await fleet.untilDone(3, Self.four))
        #expect(fleet.handedOut == out, "nothing moves back")
        await fleet.expectPlaced(files, among: Self.four, epoch: 3)
        await fleet.stop()
    }

    @Test func ofADeadWorkerOnlyWhatNobodyElseHeldIsRead() async throws {
        let fleet = try await Fleet(4)
        let files = await fleet.warm(40, members: Self.four)
        // Epoch 2: worker 4 drains and has given its pages away when worker 2 dies.
        fleet.world.setState(.draining, of: 4)
        fleet.world.setRing(2, members: Self.three, previous: [(1, Self.four)])
        #expect(await fleet.untilDone(2, Self.four))
        let kept = fleet[4].store.statistics.pageCount
        #expect(kept > 0)
        await fleet.kill(2)
        fleet.world.setState(.suspended, of: 2)
        fleet.world.setRing(3, members: [1, 3], previous: [(2, Self.three), (1, Self.four)])
        #expect(await fleet.untilDone(3, [1, 3, 4]))
        let before = fleet.origin.reads.count
        for page in files.pages {
            let owner = FleetFiles.owner(page, among: [1, 3])
            let source = await fleet[owner].read(
                page.name,
                byteCount: page.byteCount,
                page: page.page,
                epoch: 3
            )
            let isLost =
                FleetFiles.owner(page, among: Self.four) == 2
            #expect(source == (isLost ? .origin : .local), "\(page)")
        }
        let lost = fleet.origin.reads[before...].reduce(UInt64(0)) { $0 + UInt64($1.count) }
        #expect(lost > 0 && fleet.originBytes("lost") == lost)
        #expect(fleet.originBytes("rebalance") == 0)
        await fleet.stop()
    }

    /// Two joins, the second while pages of the first still move.
    @Test func changesMayOverlap() async throws {
        let fleet = try await Fleet(3)
        let files = await fleet.warm(60, members: Self.three)
        let read = fleet.origin.reads.count
        try await fleet.start(4)
        try await fleet.start(5)
        for number in Self.three {
            fleet[number].pace.set(HandoffLimits(bytesPerSecond: 4 << 20, streams: 1))
        }
        fleet.world.setRing(2, members: Self.four, previous: [(1, Self.three)])
        #expect(await eventually { fleet.handedOut > 0 })
        let five = Self.four + [5]
        await Self.reading(fleet, files, by: [(3, five)]) {
            fleet.world.setRing(3, members: five, previous: [(2, Self.four), (1, Self.three)])
            for number in Self.three {
                fleet[number].pace.set(HandoffLimits(bytesPerSecond: 0, streams: 4))
            }
            #expect(await fleet.untilDone(3, five))
        }
        await fleet.expectPlaced(files, among: five, epoch: 3)
        #expect(fleet.origin.reads.count == read)
        await fleet.stop()
    }

    /// The old owner, or the new one, ends amid the move and comes back with what it had.
    @Test(arguments: [UInt64(1), 4]) func eitherSideMayRestartAmidst(which: UInt64) async throws {
        let fleet = try await Fleet(3)
        let files = await fleet.warm(40, members: Self.three)
        let read = fleet.origin.reads.count
        try await fleet.start(4)
        for number in Self.three {
            fleet[number].pace.set(HandoffLimits(bytesPerSecond: 6 << 20, streams: 1))
        }
        fleet.world.setRing(2, members: Self.four, previous: [(1, Self.three)])
        #expect(await eventually { fleet[4].counter(.handoffBytes, "in") > 0 })
        await fleet.kill(which)
        try await fleet.start(which)
        for number in Self.three {
            fleet[number].pace.set(HandoffLimits(bytesPerSecond: 0, streams: 4))
        }
        #expect(await fleet.untilDone(2, Self.four))
        await fleet.expectPlaced(files, among: Self.four, epoch: 2)
        #expect(fleet.origin.reads.count == read)
        await fleet.stop()
    }

    @Test func aFullReceiverRefusesAndEvictsNothing() async throws {
        let fleet = try await Fleet(3)
        let files = await fleet.warm(40, members: Self.three)
        try await fleet.start(4, mebibytes: 3)
        fleet.world.setRing(2, members: Self.four, previous: [(1, Self.three)])
        let isFull = await eventually {
            Self.three.contains { fleet[$0].counter(.handoffBytes, "out") > 0 }
        }
        #expect(isFull)
        #expect(
            await eventually {
                !fleet[4].store.hasRoom(
                    for: Fleet.object("any", byteCount: pageBytes),
                    byteCount: pageBytes
                )
            }
        )
        #expect(fleet[4].store.statistics.evictedBytes(.capacity) == 0)
        // What is not there is still where it was, and read from there.
        for page in files.pages where FleetFiles.owner(page, among: Self.four) == 4 {
            let isSomewhere = Self.four.contains {
                fleet[$0].holds(page.name, byteCount: page.byteCount, page: page.page)
            }
            #expect(isSomewhere, "\(page)")
        }
        await fleet.stop()
    }

    /// A page that has rotted at its old owner is not moved, and costs one GET like any damaged page.
    @Test func aDamagedPageIsNotHandedOver() async throws {
        let fleet = try await Fleet(3)
        let name = Fleet.name(ownedBy: 1, of: Self.three, then: 4, of: Self.four)
        let good = Fleet.name(ownedBy: 2, of: Self.three, then: 4, of: Self.four)
        for file in [name, good] { fleet.put(file, byteCount: 9_000) }
        await fleet[1].read(name, byteCount: 9_000)
        await fleet[2].read(good, byteCount: 9_000)
        try await fleet.start(4)
        try fleet.damage(name, byteCount: 9_000, at: 1)
        fleet.world.setRing(2, members: Self.four, previous: [(1, Self.three)])
        #expect(await fleet.untilDone(2, Self.four))
        #expect(!fleet[4].holds(name, byteCount: 9_000))
        #expect(fleet[4].holds(good, byteCount: 9_000))
        #expect(fleet[1].store.statistics.badPageCount == 1)
        #expect(await fleet[4].read(name, byteCount: 9_000, epoch: 2) == .origin)
        #expect(fleet.originBytes("rebalance") == 0)
        await fleet.stop()
    }

    /// 40 MiB at 8 MiB/s: five seconds, but for the first batch, which is not waited for.
    @Test func aRateIsKept() async throws {
        let fleet = try await Fleet(3)
        let name = Fleet.name(ownedBy: 1, of: Self.three, then: 4, of: Self.four)
        let byteCount = 40 * pageBytes
        fleet.put(name, byteCount: byteCount)
        for page in UInt32(0)..<40 {
            await fleet[1].read(name, byteCount: byteCount, page: page)
        }
        fleet[1].pace.set(HandoffLimits(bytesPerSecond: 8 << 20, streams: 2))
        try await fleet.start(4)
        let start = ContinuousClock.now
        fleet.world.setRing(2, members: Self.four, previous: [(1, Self.three)])
        #expect(await fleet.untilDone(2, Self.four))
        let elapsed = ContinuousClock.now - start
        #expect(elapsed > .seconds(4.5), "\(elapsed)")
        #expect(fleet[1].reports.done(2)?.movedBytes == UInt64(byteCount))
        #expect(fleet[1].reports.all.contains { !$0.isDone && $0.movedBytes > 0 })
        await fleet.stop()
    }

    @Test func pausesAndRatesCountWhileItRuns() async throws {
        let fleet = try await Fleet(3)
        _ = await fleet.warm(20, members: Self.three)
        for number in Self.three {
            fleet[number].pace.set(
                HandoffLimits(bytesPerSecond: 0, streams: 4, isPaused: true)
            )
        }
        try await fleet.start(4)
        fleet.world.setRing(2, members: Self.four, previous: [(1, Self.three)])
        #expect(await eventually { fleet[4].reports.done(2) != nil })
        // tested: nothing moves while it is paused.
        try await Task.sleep(for: .milliseconds(600))
        #expect(fleet.handedOut == 0)
        #expect(Self.three.allSatisfy { fleet[$0].reports.done(2) == nil })
        for number in Self.three {
            fleet[number].reports.refuse(2)
            fleet[number].pace.set(HandoffLimits(bytesPerSecond: 0, streams: 1))
        }
        #expect(await fleet.untilDone(2, Self.four))
        let isSaid = await eventually { fleet[1].reports.all.count { $0.isDone } == 3 }
        #expect(isSaid, "the last word is said until it is taken note of")
        await fleet.stop()
    }
}
