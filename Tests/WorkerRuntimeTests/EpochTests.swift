// SPDX-License-Identifier: Apache-2.0
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

/// Goal: readers and workers of different epochs together fetch no page twice.
@Suite(.serialized)
struct EpochTests {
    private static let three: [UInt64] = [1, 2, 3]
    private static let four: [UInt64] = [1, 2, 3, 4]

    private static func fleet() async throws -> (fleet: Fleet, name: ByteString) {
        let fleet = try await Fleet(3)
        try await fleet.start(4)
        let name = Fleet.name(ownedBy: 1, of: three, then: 4, of: four)
        fleet.put(name, byteCount: 1_000)
        return (fleet, name)
    }

    private static func join(_ fleet: Fleet) {
        fleet.world.setRing(2, members: four, previous: [(1, three)])
    }

    @Test func aReadByAnOldRingIsPassedOnToTheNewFiller() async throws {
        let (fleet, name) = try await Self.fleet()
        Self.join(fleet)
        #expect(await fleet[1].read(name, byteCount: 1_000, epoch: 1) == .origin)
        #expect(await eventually { fleet[4].holds(name, byteCount: 1_000) })
        #expect(!fleet[1].holds(name, byteCount: 1_000))
        #expect(await fleet[1].read(name, byteCount: 1_000, epoch: 1) == .peer)
        #expect(fleet.origin.reads.count == 1)
        await fleet.stop()
    }

    @Test func whatIsHeldIsServedWhateverTheEpoch() async throws {
        let (fleet, name) = try await Self.fleet()
        await fleet[1].read(name, byteCount: 1_000)
        Self.join(fleet)
        for epoch in UInt64(0)..<4 {
            #expect(await fleet[1].read(name, byteCount: 1_000, epoch: epoch) == .local)
        }
        #expect(fleet.origin.reads.count == 1)
        await fleet.stop()
    }

    @Test func aForwardedReadIsNotPassedOnAgain() async throws {
        let (fleet, name) = try await Self.fleet()
        Self.join(fleet)
        let request = Fleet.request(name, byteCount: 1_000, epoch: 1, mode: .forwarded)
        let reply = await fleet[1].pages.read(request)
        #expect(Fleet.isRight(reply, name, byteCount: 1_000))
        #expect(await eventually { fleet[1].holds(name, byteCount: 1_000) })
        #expect(!fleet[4].holds(name, byteCount: 1_000))
        await fleet.stop()
    }

    @Test func whereTheNewFillerIsDeadItIsFetchedHere() async throws {
        let (fleet, name) = try await Self.fleet()
        Self.join(fleet)
        await fleet.kill(4)
        #expect(await fleet[1].read(name, byteCount: 1_000, epoch: 1) == .origin)
        #expect(fleet[1].misses == ["worker-down": 1])
        #expect(fleet.originBytes("lost") == 1_000)
        await fleet.stop()
    }

    /// A reader that knows the ring and comes to the second owner all the same: the first one lives.
    @Test func theFirstOwnerThatReadersWentPastIsAskedAtOnce() async throws {
        let fleet = try await Fleet(3)
        fleet.put("x", byteCount: 1_000)
        let owners = Fleet.owners(of: "x", among: Self.three)
        await fleet[owners[0]].read("x", byteCount: 1_000)
        #expect(await fleet[owners[1]].read("x", byteCount: 1_000) == .peer)
        #expect(fleet.origin.reads.count == 1)
        #expect(fleet[owners[1]].misses == ["worker-down": 1])
        await fleet.stop()
    }

    @Test func aWorkerThatIsBehindWaitsForItsReplica() async throws {
        let (fleet, name) = try await Self.fleet()
        fleet[1].lag.stay(at: fleet.world.catalog)
        Self.join(fleet)
        async let waiting = fleet[1].pages.read(Fleet.request(name, byteCount: 1_000, epoch: 2))
        // tested: nothing is fetched as long as worker 1 does not know what the reader knows.
        try await Task.sleep(for: .milliseconds(200))
        #expect(fleet.origin.reads.isEmpty)
        fleet[1].lag.stay(at: nil)
        #expect(Fleet.isRight(await waiting, name, byteCount: 1_000))
        #expect(fleet.origin.reads.count == 1)
        await fleet.stop()
    }

    /// The new filler has asked it, and fetches: from then on it must not do so by its old ring.
    @Test func aWorkerThatANewerOneHasAskedDoesNotFetch() async throws {
        let (fleet, name) = try await Self.fleet()
        fleet[1].lag.stay(at: fleet.world.catalog)
        Self.join(fleet)
        #expect(await fleet[4].read(name, byteCount: 1_000, epoch: 2) == .origin)
        async let waiting = fleet[1].pages.read(Fleet.request(name, byteCount: 1_000, epoch: 1))
        // tested: it does not fetch as long as it does not know the ring that it has heard of.
        try await Task.sleep(for: .milliseconds(200))
        #expect(fleet.origin.reads.count == 1)
        fleet[1].lag.stay(at: nil)
        #expect(Fleet.isRight(await waiting, name, byteCount: 1_000))
        #expect(fleet.origin.reads.count == 1)
        await fleet.stop()
    }

    /// Goal: two workers each of which believes that the other held a page before do not wait for each
    /// other for ever, and fetch it once.
    ///
    /// Method: the ring was worker 4's, then 1's, then 4's again; worker 1 knows the second one still.
    @Test func twoThatAskEachOtherComeToAnEnd() async throws {
        let fleet = try await Fleet(4)
        let (first, second): ([UInt64], [UInt64]) = ([2, 3, 4], Self.three)
        let names = (0..<2_000).map { ByteString("f\($0)") }
            .filter {
                Fleet.owners(of: $0, among: first).first == 4
                    && Fleet.owners(of: $0, among: second).first == 1
            }.prefix(24)
        #expect(names.count == 24)
        for name in names { fleet.put(name, byteCount: 1_000) }
        fleet.world.setRing(2, members: second, previous: [(1, first)])
        fleet[1].lag.stay(at: fleet.world.catalog)
        fleet.world.setRing(3, members: first, previous: [(2, second), (1, first)])
        let start = ContinuousClock.now
        await withTaskGroup(of: Void.self) { group in
            for name in names {
                for (worker, epoch) in [(UInt64(1), UInt64(2)), (4, 3)] {
                    group.addTask {
                        let request = Fleet.request(name, byteCount: 1_000, epoch: epoch)
                        let reply = await fleet[worker].pages.read(request)
                        #expect(Fleet.isRight(reply, name, byteCount: 1_000))
                    }
                }
            }
        }
        #expect(ContinuousClock.now - start < .seconds(20))
        #expect(fleet.origin.reads.count == 24)
        await fleet.stop()
    }

    @Test func anEpochThatNeverComesHoldsUpOnce() async throws {
        let (fleet, name) = try await Self.fleet()
        fleet.put("other", byteCount: 1_000)
        let start = ContinuousClock.now
        #expect(await fleet[1].read(name, byteCount: 1_000, epoch: 9) == .origin)
        let waited = ContinuousClock.now - start
        #expect(waited >= .seconds(1.9) && waited < .seconds(8), "\(waited)")
        let again = ContinuousClock.now
        await fleet[1].read("other", byteCount: 1_000, epoch: 10)
        #expect(ContinuousClock.now - again < .seconds(1))
        await fleet.stop()
    }

    /// Goal: one GET a page, whoever knows which ring, and whoever is asked first.
    ///
    /// Method: workers 1 (owner before, still at the old ring) and 4 (owner now) are asked for the same
    /// cold pages at the same time, by readers of either ring, in an order of a seed; worker 1 catches up
    /// midway.
    @Test(arguments: UInt64(1)...12) func oneGetAPageAcrossEpochs(seed: UInt64) async throws {
        let (fleet, name) = try await Self.fleet()
        var random = SplitMix64(seed: seed)
        let byteCount = 12 * pageBytes
        fleet.put(name, byteCount: byteCount)
        fleet[1].lag.stay(at: fleet.world.catalog)
        Self.join(fleet)
        var asked: [(worker: UInt64, page: UInt32, epoch: UInt64, ahead: UInt64)] = []
        for page in UInt32(0)..<12 {
            for worker in [UInt64(1), 4] {
                let epoch: UInt64 = worker == 4 ? 2 : 1
                let ahead = random.chance(percent: 50) ? random.next() % (8 << 20) : 0
                asked.append((worker, page, epoch, ahead))
            }
        }
        asked.shuffle(using: &random)
        let replies = await withTaskGroup(of: (UInt32, PageReply).self) { group in
            for one in asked {
                group.addTask {
                    let request = Fleet.request(
                        name,
                        byteCount: byteCount,
                        page: one.page,
                        epoch: one.epoch,
                        readAhead: one.ahead
                    )
                    return (one.page, await fleet[one.worker].pages.read(request))
                }
            }
            _ = await eventually { !fleet.origin.reads.isEmpty }
            fleet[1].lag.stay(at: nil)
            return await group.reduce(into: []) { $0.append($1) }
        }
        for (page, reply) in replies {
            #expect(Fleet.isRight(reply, name, byteCount: byteCount, page: page), "seed \(seed)")
        }
        let ranges = fleet.origin.reads.sorted { $0.lowerBound < $1.lowerBound }
        var end: UInt64 = 0
        for range in ranges {
            #expect(range.lowerBound >= end, "seed \(seed): fetched twice, \(ranges)")
            end = range.upperBound
        }
        await fleet.stop()
    }
}
