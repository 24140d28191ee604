// SPDX-License-Identifier: Apache-2.0
import Origins
import TestKit
import CatalogCore
import ClientRuntime
import Codecs
import NIOCore
import PageTransport
import PlacementCore
import Primitives
import Telemetry
import Testing

struct ReadingTests {
    private static let context = ReadContext(client: .fuse)

    @Test func theFirstOwnerIsAskedAndNobodyElse() async throws {
        let rig = Rig()
        let (file, bytes) = rig.file("x", byteCount: 5_000)
        let owners = rig.owners(of: "x")
        for owner in owners { rig.serve(bytes, at: owner) }
        let read = try await rig.files.read(file, range: 10..<4_010, context: Self.context)
        #expect(Array(read.readableBytesView) == Array(bytes[10..<4_010]))
        #expect(rig.workers.takeAsked().map(\.node) == [owners[0]])
        #expect(rig.counter(.cacheReadBytes, ["/data/a", "fuse", "peer"]) == 4_000)
        #expect(rig.origin.reads.isEmpty)
    }

    @Test func aDeadFillerIsFollowedByTheNextOwnerWhichMayFetch() async throws {
        let rig = Rig()
        let (file, bytes) = rig.file("x", byteCount: 100)
        let owners = rig.owners(of: "x")
        rig.serve(bytes, at: owners[1])
        _ = try await rig.files.read(file, range: 0..<100, context: Self.context)
        let asked = rig.workers.takeAsked()
        #expect(asked.map(\.node) == [owners[0], owners[1]])
        for (_, request) in asked {
            guard case .read(let read) = request else { continue }
            #expect(read.mode == .read)
        }

        _ = try await rig.files.read(file, range: 0..<100, context: Self.context)
        #expect(rig.workers.takeAsked().map(\.node) == [owners[1]], "a suspect comes last")

        rig.clock.advance(1_001)
        rig.serve(bytes, at: owners[0])
        _ = try await rig.files.read(file, range: 0..<100, context: Self.context)
        #expect(rig.workers.takeAsked().map(\.node) == [owners[0]], "a suspicion ends")
    }

    @Test func aWorkerThatSaysNoForGoodIsNotFollowedByAFetchElsewhere() async throws {
        let rig = Rig()
        let (file, bytes) = rig.file("x", byteCount: 100)
        let owners = rig.owners(of: "x")
        rig.workers.set(owners[0]) { _ in .failure(.failed(.originChanged)) }
        rig.workers.set(owners[1]) { _ in .success(.miss) }
        rig.workers.set(owners[2]) { _ in .success(.miss) }
        await #expect(throws: FileError.stale) {
            try await rig.files.read(file, range: 0..<100, context: Self.context)
        }
        let modes = rig.workers.takeAsked().dropFirst().compactMap { _, request in
            if case .read(let read) = request { read.mode } else { nil }
        }
        #expect(!modes.isEmpty && modes.allSatisfy { $0 == .readIfPresent })
        #expect(rig.origin.reads.isEmpty)

        rig.serve(bytes, at: owners[2])
        let read = try await rig.files.read(file, range: 0..<100, context: Self.context)
        #expect(Array(read.readableBytesView) == bytes, "another owner still has the old version")
    }

    @Test func whenEveryOwnerIsDeadTheOriginAnswersAndItIsCounted() async throws {
        let rig = Rig()
        let (file, bytes) = rig.file("x", byteCount: 3_000)
        let read = try await rig.files.read(file, range: 1_000..<3_000, context: Self.context)
        #expect(Array(read.readableBytesView) == Array(bytes[1_000...]))
        #expect(rig.origin.reads == [1_000..<3_000])
        #expect(Set(rig.workers.takeAsked().map(\.node)) == Set(rig.owners(of: "x")))
        #expect(rig.counter(.cacheReadBytes, ["/data/a", "fuse", "origin"]) == 2_000)
        #expect(rig.counter(.cacheMisses, ["/data/a", "worker-down"]) == 1)
        #expect(rig.counter(.originReadBytes, ["/data/a", "lost"]) == 2_000)
    }

    @Test func aWorkerThatDoesNotKnowTheMountYetIsFollowedByTheNext() async throws {
        let rig = Rig()
        let (file, bytes) = rig.file("x", byteCount: 100)
        let owners = rig.owners(of: "x")
        rig.workers.set(owners[0]) { _ in .failure(.failed(.unknownMount)) }
        rig.serve(bytes, at: owners[1])
        _ = try await rig.files.read(file, range: 0..<100, context: Self.context)
        #expect(rig.workers.takeAsked().map(\.node) == [owners[0], owners[1]])
        #expect(!rig.suspects.isSuspect(owners[0]))
    }

    /// Goal: ranges over many pages are put together in order, whoever serves which page.
    @Test(arguments: UInt64(1)...5) func anyRangeEqualsTheFile(seed: UInt64) async throws {
        let rig = Rig()
        let byteCount = 5 * pageBytes + 12_345
        let (file, bytes) = rig.file("big", byteCount: byteCount)
        let whole = ByteBuffer(bytes: bytes)
        let owners = rig.owners(of: "big")
        rig.serve(bytes, at: owners[0])
        rig.serve(bytes, at: owners[1])
        var random = SplitMix64(seed: seed)
        for _ in 0..<20 {
            let start = Int.random(in: 0..<byteCount, using: &random)
            let end = Int.random(in: start...byteCount, using: &random)
            if random.chance(percent: 20) { rig.suspects.failed(owners[0]) }
            let range = UInt64(start)..<UInt64(end)
            let read = try await rig.files.read(file, range: range, context: Self.context)
            let isEqual = read == whole.getSlice(at: start, length: end - start)
            #expect(isEqual, "seed \(seed), \(start)..<\(end)")
        }
    }

    @Test func oneBadPageFailsTheWholeRead() async throws {
        let rig = Rig()
        let (file, bytes) = rig.file("big", byteCount: 12 * pageBytes)
        let owners = rig.owners(of: "big")
        rig.workers.set(owners[0]) { request in
            guard case .read(let read) = request, read.page != 3 else {
                return .failure(.failed(.accessDenied(code: "AccessDenied")))
            }
            let start = Int(read.page) * pageBytes
            let slice = ByteBuffer(bytes: bytes[start..<start + read.range.count])
            return .success(.page(slice, checksum: 0, source: .local))
        }
        await #expect(throws: FileError.accessDenied(code: "AccessDenied")) {
            try await rig.files.read(file, range: 0..<file.size, context: Self.context)
        }
    }

    @Test func whatLiesOutsideTheFileIsRefused() async throws {
        let rig = Rig()
        let (file, _) = rig.file("x", byteCount: 10)
        await #expect(throws: FileError.rangeNotSatisfiable(size: 10)) {
            try await rig.files.read(file, range: 5..<11, context: Self.context)
        }
        let empty = try await rig.files.read(file, range: 4..<4, context: Self.context)
        #expect(empty.readableBytes == 0)
        #expect(rig.workers.takeAsked().isEmpty)
    }

    @Test func aReaderNearTheEndOfAUnitWarmsTheOwnerOfTheNext() async throws {
        let rig = Rig(workers: 5)
        let file = FileReference(
            path: "/data/a/huge",
            size: 80 << 20,
            modifiedUnixNS: 1_000,
            version: "v1"
        )
        for node in 1...5 {
            rig.workers.set(NodeID(UInt64(node))) { request in
                guard case .read(let read) = request else { return .success(.pong) }
                let bytes = ByteBuffer(repeating: 1, count: read.range.count)
                return .success(.page(bytes, checksum: 0, source: .local))
            }
        }
        let context = ReadContext(client: .fuse, readAhead: 8 << 20)
        let range = UInt64(60 << 20)..<UInt64(61 << 20)
        _ = try await rig.files.read(file, range: range, context: context)
        let asked = Gathered()
        let isWarmed = await eventually {
            asked.add(rig.workers.takeAsked())
            return asked.pages.contains(64)
        }
        #expect(isWarmed)
        let warm = asked.all.first { $0.read.page == 64 }
        #expect(warm?.node == rig.owners(of: "huge", unit: 1).first)
        #expect(warm?.read.readAhead == 5 << 20, "what is left of the hint behind the unit's start")
    }

    // MARK: - Staleness

    @Test func aMountThatRatherFailsThanIsStaleDoes() async throws {
        let mount = Mount(origin: "s3://bucket/p", onStale: .fail(after: .seconds(10)))
        let rig = Rig(mounts: [("/data/a", mount)])
        let (file, bytes) = rig.file("x", byteCount: 10)
        rig.serve(bytes, at: rig.owners(of: "x")[0])
        for (age, isServed) in [(nil, false), (11_000, false), (10_000, true)] as [(UInt64?, Bool)]
        {
            rig.setStaleness(age.map(Timespan.init(milliseconds:)))
            let read = try? await rig.files.read(file, range: 0..<10, context: Self.context)
            #expect((read != nil) == isServed, "age \(age ?? 0)")
        }
    }

    @Test func capacityIsThatOfTheRingAndNeverTraps() async throws {
        let rig = Rig()
        rig.workers.set(NodeID(1)) { _ in .success(.capacity(total: .max, used: 7)) }
        rig.workers.set(NodeID(2)) { _ in .success(.capacity(total: 100, used: .max)) }
        let (total, used) = try await rig.files.capacity()
        #expect(total == .max)
        #expect(used == .max)
    }
}
