// SPDX-License-Identifier: Apache-2.0
import NIOCore
import PageStorage
import PlacementCore
import Primitives
import Testing

/// Goal: what a store holds can be walked through, taken in without evicting, and let go exactly.
struct InventoryTests {
    private static func walk(_ store: PageStore, limit: Int) -> [HeldUnit] {
        var place: InventoryPlace? = .start
        var units: [HeldUnit] = []
        for _ in 0..<10_000 {
            guard let here = place else { break }
            let part = store.inventory(from: here, limit: limit)
            units += part.units
            place = part.next
        }
        #expect(place == nil, "the walk ends")
        return units
    }

    @Test(arguments: [1, 2, 7, 1_000]) func everyPageComesExactlyOnce(limit: Int) throws {
        let scratch = try Scratch()
        let store = try PageStore.open(
            disks: [scratch.disk("a", mebibytes: 32), scratch.disk("b", mebibytes: 32)],
            cluster: testCluster
        )
        var expected: Set<String> = []
        for number in 0..<20 {
            let small = object("small-\(number)", byteCount: 100)
            try store.put(small, page: 0)
            expected.insert("\(small.key) 0")
        }
        let large = object("large", byteCount: 200 * megabyte)
        for page in [UInt32(0), 63, 64, 130, 199] {
            try store.put(large, page: page)
            expected.insert("large \(page)")
        }
        let units = Self.walk(store, limit: limit)
        let found = units.flatMap { unit in unit.pageNumbers.map { "\(unit.object.key) \($0)" } }
        #expect(found.count == expected.count)
        #expect(Set(found) == expected)
        #expect(units.reduce(0) { $0 + $1.byteCount } == UInt64(20 * 100 + 5 * megabyte))
    }

    @Test func whatIsReadMoreIsHotter() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        let (hot, cold) = (object("hot", byteCount: 4_096), object("cold", byteCount: 4_096))
        for object in [cold, hot] { try store.put(object, page: 0) }
        for _ in 0..<3 { _ = try store.read(hot, page: 0) }
        let heat = Dictionary(
            uniqueKeysWithValues: Self.walk(store, limit: 10).map { ($0.object, $0.heat) }
        )
        #expect(heat[cold] == 0)
        #expect(heat[hot] == 48)
    }

    @Test func whatMayNotEvictIsStoredOnlyWhereThereIsRoom() throws {
        let scratch = try Scratch()
        let store = try scratch.open(mebibytes: 4)
        var storedCount = 0
        for number in 0..<8 {
            let object = object("x\(number)", byteCount: megabyte)
            let bytes = content(of: object, page: 0)
            let hasRoom = store.hasRoom(for: object, byteCount: megabyte)
            do throws(PageStoreError) {
                try store.write(
                    object,
                    page: 0,
                    bytes: ByteBuffer(bytes: bytes),
                    checksum: CRC32C.checksum(bytes),
                    room: .onlyFree
                )
                storedCount += 1
                #expect(hasRoom)
            } catch {
                guard case .full = error else { throw error }
                #expect(!hasRoom)
            }
        }
        #expect(storedCount == 3)
        #expect(store.statistics.evictedBytes(.capacity) == 0)
        #expect(store.statistics.failedWriteCount == 0)
        try store.put(object("by force", byteCount: megabyte), page: 0)
        #expect(store.statistics.evictedBytes(.capacity) > 0)
    }

    // swift-format-ignore
    static let removals: [(pages: [UInt32: UInt64], isRemoved: Bool)] = [
        ([0: 0b11, 1: 0b1],         true),
        ([0: .max, 1: .max, 2: 1],  true),
        ([0: 0b01, 1: 0b1],         false),
        ([0: 0b11],                 false),
        ([:],                       false),
    ]

    @Test(arguments: removals.indices) func anObjectGoesOnlyWithNothingButTheseIn(row: Int) throws {
        let (pages, isRemoved) = Self.removals[row]
        let scratch = try Scratch()
        let store = try scratch.open()
        let object = object("x", byteCount: 70 * megabyte)
        for page in [UInt32(0), 1, 64] { try store.put(object, page: page) }
        let file = try #require(try store.openFile(of: object))
        #expect(store.remove(object, ifAmong: pages) == isRemoved)
        #expect(store.pages(of: object) == (isRemoved ? [] : [0, 1, 64]))
        #expect(!store.wasEvicted(object, page: 0), "nobody needed the room")
        _ = file
    }
}
