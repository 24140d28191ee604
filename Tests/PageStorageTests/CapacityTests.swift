// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOCore
import PageStorage
import Primitives
import Synchronization
import SystemPackage
import Testing

private final class HighWaterMark: Sendable {
    private let mark = Mutex<UInt64>(0)

    var value: UInt64 { mark.withLock { $0 } }

    func note(_ value: UInt64) { mark.withLock { $0 = max($0, value) } }
}

@Suite struct CapacityTests {
    /// Goal: however many write, blocks below the directory never exceed the capacity.
    ///
    /// Method: four writers over five times the capacity look at the store's own count after every
    /// page; whenever they rest, that count is compared with what `du` would say.
    @Test(arguments: UInt64(1)...2) func concurrentWritersNeverOvershoot(seed: UInt64) async throws
    {
        let scratch = try Scratch()
        let capacity: UInt64 = 24
        let store = try scratch.open(mebibytes: capacity)
        let highest = HighWaterMark()
        for round in UInt64(0)..<4 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in UInt64(0)..<4 {
                    group.addTask {
                        var random = SplitMix64(seed: seed * 100 + round * 10 + writer)
                        for _ in 0..<10 {
                            let number = Int.random(in: 0..<12, using: &random)
                            let file = object("f\(number)", byteCount: 10 * megabyte + number)
                            try store.put(file, page: UInt32.random(in: 0..<10, using: &random))
                            highest.note(store.statistics.allocated)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let (used, counted) = (try scratch.allocated(), store.statistics.allocated)
            #expect(used <= counted, "the store counts less than du")
            #expect(counted - min(used, counted) <= 24 * 16 << 10, "and not much more")
        }
        let statistics = store.statistics
        #expect(highest.value <= capacity << 20)
        #expect(statistics.evictedBytes(.capacity) > 0, "nothing was evicted: this tested nothing")
        #expect(statistics.pageCount > 8)
    }

    @Test func whatWasEvictedIsKnownAndWhatWasNotIsNot() throws {
        let scratch = try Scratch()
        let store = try scratch.open(mebibytes: 8)
        let files = (0..<12).map { object("f\($0)", byteCount: megabyte) }
        for file in files { try store.put(file, page: 0) }
        var missing = 0
        for file in files where !store.contains(file, page: 0) {
            missing += 1
            #expect(store.wasEvicted(file, page: 0))
            #expect(!store.wasEvicted(file, page: 1), "another page")
        }
        #expect(missing >= 4)
        for file in files where store.contains(file, page: 0) {
            #expect(!store.wasEvicted(file, page: 0))
        }
        #expect(!store.wasEvicted(object("never", byteCount: megabyte), page: 0))
    }

    @Test func aSmallerCapacityIsReachedAtTheStart() throws {
        let scratch = try Scratch()
        var store = try scratch.open(mebibytes: 64)
        for number in 0..<20 { try store.put(object("f\(number)", byteCount: megabyte), page: 0) }
        store = try scratch.open("spare")
        store = try scratch.open(mebibytes: 8)
        #expect(store.statistics.allocated <= 8 << 20)
        #expect((3...8).contains(store.statistics.pageCount))
        #expect(try store.holds(object("f19", byteCount: megabyte), page: 0), "the newest stays")
    }

    @Test func whatNeverFitsIsRefusedAndCostsNothing() throws {
        let scratch = try Scratch()
        let store = try scratch.open(mebibytes: 1)
        let file = object("a", byteCount: megabyte)
        #expect(throws: PageStoreError.self) { try store.put(file, page: 0) }
        #expect(store.statistics.failedWriteCount == 1)
        #expect(try scratch.files(".bytes") == [])
    }

    /// A full disk: pages are simply not stored, those stored stay readable, the store goes on.
    @Test func aFullFileSystemIsSurvived() throws {
        let scratch = try Scratch()
        let mount = scratch.url.appending(path: "small")
        try FileManager.default.createDirectory(at: mount, withIntermediateDirectories: true)
        guard run("/bin/mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", mount.path]) == 0 else {
            print("skipped: mounting a tmpfs needs root")
            return
        }
        defer { _ = run("/bin/umount", ["-l", mount.path]) }

        let store = try scratch.open("small/disk", mebibytes: 1024)
        let files = (0..<40).map { object("f\($0)", byteCount: megabyte) }
        for file in files { try store.put(file, page: 0) }
        #expect(store.statistics.evictedBytes(.freeSpace) > 0)
        #expect(try store.holds(files[39], page: 0))
        let space = try mount.resourceValues(forKeys: [.volumeAvailableCapacityKey])
        #expect((space.volumeAvailableCapacity ?? 0) >= 16 * megabyte / 20)

        // Somebody else takes everything.
        for file in files { store.remove(file) }
        let hog = mount.appending(path: "hog")
        _ = run("/bin/dd", ["if=/dev/zero", "of=\(hog.path)", "bs=1M", "count=16", "status=none"])
        #expect(throws: PageStoreError.self) { try store.put(files[1], page: 0) }
        #expect(store.statistics.failedWriteCount == 1)
        #expect(store.statistics.disks[0].isolatedBy == nil)
        try FileManager.default.removeItem(at: hog)
        try store.put(files[0], page: 0)
        #expect(try store.holds(files[0], page: 0))
    }

    private func run(_ tool: String, _ arguments: [String]) -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: tool)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { return -1 }
        process.waitUntilExit()
        return process.terminationStatus
    }
}
