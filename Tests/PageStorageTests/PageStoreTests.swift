// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOCore
import PageStorage
import PlacementCore
import Primitives
import SystemPackage
import Testing

@Suite struct PageStoreTests {
    @Test func aPageIsReadBackWholeAndInParts() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        let file = object("a", byteCount: 2 * megabyte + 100)
        #expect(try store.read(file, page: 0) == nil)
        for page in [UInt32(2), 0] { try store.put(file, page: page) }

        #expect(try store.holds(file, page: 0))
        #expect(try store.holds(file, page: 2))
        #expect(try !store.holds(file, page: 1))
        #expect(store.pages(of: file) == [0, 2])
        #expect(store.contains(file, page: 2) && !store.contains(file, page: 1))

        let part = try #require(try store.read(file, page: 0, range: 1000..<1500))
        let expected = Array(content(of: file, page: 0)[1000..<1500])
        #expect(Array(part.bytes.readableBytesView) == expected)
        #expect(part.checksum == CRC32C.checksum(expected))
    }

    @Test func versionsAndOriginsNeverMix() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        let old = object("a", byteCount: 10)
        let new = object("a", byteCount: 10, version: "v2")
        try store.put(old, page: 0)
        #expect(try store.read(new, page: 0) == nil)
        try store.put(new, page: 0)
        #expect(try store.holds(old, page: 0))
        #expect(try store.holds(new, page: 0))
        let foreign = ObjectIdentity(
            origin: OriginID(2),
            key: old.key,
            version: old.version,
            byteCount: 10
        )
        #expect(try store.read(foreign, page: 0) == nil)
    }

    @Test func writingAgainChangesNothing() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        let file = object("a", byteCount: megabyte)
        try store.put(file, page: 0)
        let before = store.statistics
        try store.put(file, page: 0)
        #expect(store.statistics == before)

        let other = [UInt8](repeating: 7, count: megabyte)
        let checksum = CRC32C.checksum(other)
        #expect(
            throws: PageStoreError.conflictingPage(
                page: 0,
                stored: CRC32C.checksum(content(of: file, page: 0)),
                offered: checksum
            )
        ) {
            try store.write(file, page: 0, bytes: ByteBuffer(bytes: other), checksum: checksum)
        }
        #expect(try store.holds(file, page: 0))
    }

    @Test func whatCannotBeAPageIsRefused() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        let file = object("a", byteCount: 10)
        let bytes = ByteBuffer(bytes: content(of: file, page: 0))
        let short = ByteBuffer(bytes: [1])
        let empty = object("empty", byteCount: 0)
        let long = object(String(repeating: "k", count: 4097), byteCount: 1)

        #expect(throws: PageStoreError.invalidPage(page: 1, byteCount: 10)) {
            try store.write(file, page: 1, bytes: bytes, checksum: 0)
        }
        #expect(throws: PageStoreError.invalidPage(page: 0, byteCount: 1)) {
            try store.write(file, page: 0, bytes: short, checksum: 0)
        }
        #expect(throws: PageStoreError.self) {
            try store.write(file, page: 0, bytes: bytes, checksum: 1)
        }
        #expect(throws: PageStoreError.invalidPage(page: 0, byteCount: 0)) {
            try store.read(empty, page: 0)
        }
        #expect(throws: PageStoreError.invalidRange(0..<11, byteCount: 10)) {
            try store.read(file, page: 0, range: 0..<11)
        }
        #expect(throws: PageStoreError.self) { try store.read(long, page: 0) }
        #expect(throws: PageStoreError.noDisks) {
            try PageStore.open(disks: [], cluster: testCluster)
        }
        #expect(try scratch.files(".bytes") == [])
    }

    @Test func removedObjectsAreGoneAndTheirBlocksToo() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        let file = object("a", byteCount: 3 * megabyte)
        let before = store.statistics.allocated
        for page in UInt32(0)..<3 { try store.put(file, page: page) }
        #expect(store.statistics.allocated >= before + UInt64(3 * megabyte))
        store.remove(file)
        #expect(try store.read(file, page: 0) == nil)
        #expect(store.statistics.pageCount == 0)
        #expect(try scratch.files(".bytes") + scratch.files(".pages") == [])
        #expect(store.statistics.allocated < before + UInt64(megabyte))
    }

    /// Goal: invariant 2, an open file outlives its eviction, and its blocks stay counted.
    @Test func whoHoldsAFileKeepsItsBytes() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        let file = object("a", byteCount: megabyte)
        try store.put(file, page: 0)
        var lease = try store.openFile(of: file)
        #expect(lease?.isComplete == true)
        let full = store.statistics.allocated
        store.remove(file)
        #expect(store.statistics.allocated + UInt64(megabyte) / 2 > full)

        let bytes = try lease?.withDescriptor { descriptor in
            try unsafe [UInt8](unsafeUninitializedCapacity: megabyte) { space, count in
                count = try unsafe FileDescriptor(rawValue: descriptor).read(
                    fromAbsoluteOffset: 0,
                    into: UnsafeMutableRawBufferPointer(space)
                )
            }
        }
        #expect(bytes == content(of: file, page: 0))
        lease = nil
        #expect(store.statistics.allocated + UInt64(megabyte) / 2 < full)
    }

    @Test func twoDisksShareTheObjects() throws {
        let scratch = try Scratch()
        let store = try PageStore.open(
            disks: [scratch.disk("one", mebibytes: 32), scratch.disk("two", mebibytes: 64)],
            cluster: testCluster
        )
        let files = (0..<40).map { object("file-\($0)", byteCount: 100_000) }
        for file in files { try store.put(file, page: 0) }
        for file in files { #expect(try store.holds(file, page: 0)) }
        for disk in store.statistics.disks { #expect(disk.objectCount >= 5) }

        let large = object("large", byteCount: 50 * megabyte)
        try store.put(large, page: 0)
        #expect(
            try scratch.files(".bytes", below: "two").contains { url in
                try url.resourceValues(forKeys: [.fileSizeKey]).fileSize == 50 * megabyte
            }
        )
    }

    /// Goal: the store answers as a dictionary would, over restarts, with every byte compared.
    @Test(arguments: UInt64(1)...4) func agreesWithADictionary(seed: UInt64) throws {
        let scratch = try Scratch()
        var store = try scratch.open(mebibytes: 256)
        var model: [ObjectIdentity: Set<UInt32>] = [:]
        var random = SplitMix64(seed: seed)
        let files = [1, 4096, megabyte - 1, megabyte, megabyte + 1, 70 * megabyte].flatMap { size in
            ["v1", "v2"].map { object("file-\(size)", byteCount: size, version: $0) }
        }
        for _ in 0..<150 {
            guard let file = files.randomElement(using: &random) else { continue }
            let pageCount = try #require(file.geometry?.pageCount)
            let page = UInt32.random(in: 0..<pageCount, using: &random)
            switch Int.random(in: 0..<20, using: &random) {
            case 0:
                store.remove(file)
                model[file] = nil
            case 1:
                store = try reopen(&store, in: scratch)
            case 2..<10:
                try store.put(file, page: page)
                model[file, default: []].insert(page)
            default:
                let isExpected = model[file]?.contains(page) ?? false
                #expect(try store.holds(file, page: page) == isExpected, "seed \(seed)")
            }
        }
        for file in files {
            #expect(store.pages(of: file) == (model[file] ?? []).sorted(), "seed \(seed)")
        }
        #expect(store.statistics.pageCount == UInt64(model.values.reduce(0) { $0 + $1.count }))
        #expect(store.statistics.badPageCount == 0)
    }

    /// Goal: files removed under a running store are misses, and can be stored again.
    @Test func filesRemovedByOthersAreMisses() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        let files = (0..<8).map { object("f\($0)", byteCount: megabyte) }
        for file in files { try store.put(file, page: 0) }
        for url in try scratch.files(".bytes") + scratch.files(".pages") {
            try FileManager.default.removeItem(at: url)
        }
        // Four are still open, four are not.
        #expect(try files.filter { try store.holds($0, page: 0) }.count == 4)
        for file in files.prefix(4) { try store.put(file, page: 0) }
        for file in files.prefix(4) { #expect(try store.holds(file, page: 0)) }
    }

    private func reopen(_ store: inout PageStore, in scratch: Scratch) throws -> PageStore {
        store = try scratch.open("spare")  // Lets go of the directory, whose lock ends with it.
        return try scratch.open(mebibytes: 256)
    }
}
