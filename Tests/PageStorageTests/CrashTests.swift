// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOCore
import PageStorage
import PlacementCore
import Primitives
import SystemPackage
import Testing

@Suite struct CrashTests {
    /// What a kill would leave at this moment: sidecars first, so that bytes are at least as new.
    private func photograph(_ scratch: Scratch, as name: String) throws {
        let manager = FileManager.default
        let (from, to) = (scratch.url.appending(path: "disk"), scratch.url.appending(path: name))
        let paths = try manager.subpathsOfDirectory(atPath: from.path).sorted()
        let ordered =
            paths.filter { !$0.hasSuffix(".bytes") } + paths.filter { $0.hasSuffix(".bytes") }
        try manager.createDirectory(at: to, withIntermediateDirectories: true)
        for path in ordered {
            let (original, copy) = (from.appending(path: path), to.appending(path: path))
            // A file evicted meanwhile is not in the picture.
            let values = try? original.resourceValues(forKeys: [.isDirectoryKey])
            guard let isDirectory = values?.isDirectory else { continue }
            if isDirectory {
                try manager.createDirectory(at: copy, withIntermediateDirectories: true)
            } else if let bytes = try? Data(contentsOf: original) {
                // Byte by byte: what copies files looks for holes, and takes for some what is not on
                // the disk yet.
                try bytes.write(to: copy)
            }
        }
    }

    /// Goal: invariant 1, killed at any moment no wrong byte, and every page written before is there.
    @Test func aKillLosesNothingThatWasWritten() async throws {
        let scratch = try Scratch()
        let store = try scratch.open(mebibytes: 128)
        let files = (0..<6).map { object("f\($0)", byteCount: 5 * megabyte + $0) }
        let early = files.map { ($0, UInt32(0)) }
        for (file, page) in early { try store.put(file, page: page) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for page in UInt32(1)..<6 {
                    for file in files where page < file.geometry?.pageCount ?? 0 {
                        try store.put(file, page: page)
                    }
                }
            }
            for moment in 0..<4 { try photograph(scratch, as: "moment-\(moment)") }
            try await group.waitForAll()
        }
        for moment in 0..<4 {
            let left = try scratch.open("moment-\(moment)", mebibytes: 128)
            for (file, page) in early { #expect(try left.holds(file, page: page)) }
            for file in files {
                for page in left.pages(of: file) { #expect(try left.holds(file, page: page)) }
            }
            #expect(left.statistics.badPageCount == 0)
        }
    }

    /// Goal: whatever a power cut does to the end of a sidecar, the rest is served and nothing wrong.
    @Test(arguments: Array(1...17) + [32, 40])
    func aTornSidecarLosesOnlyItsEnd(cutByteCount: Int) throws {
        let scratch = try Scratch()
        let file = object("a", byteCount: 4 * megabyte)
        var store = try scratch.open()
        for page in UInt32(0)..<4 { try store.put(file, page: page) }
        store = try scratch.open("spare")
        let sidecar = try #require(try scratch.files(".pages").first)
        let bytes = try Data(contentsOf: sidecar)
        try bytes.dropLast(cutByteCount).write(to: sidecar)

        store = try scratch.open()
        let lost = (cutByteCount + 15) / 16
        #expect(store.pages(of: file) == Array(0..<UInt32(4 - lost)))
        for page in store.pages(of: file) { #expect(try store.holds(file, page: page)) }
        // The torn record is overwritten, and what comes then survives the next start.
        for page in UInt32(0)..<4 { try store.put(file, page: page) }
        store = try scratch.open("spare")
        store = try scratch.open()
        for page in UInt32(0)..<4 { #expect(try store.holds(file, page: page)) }
        #expect(store.statistics.disks[0].badRecordCount == 0)
    }

    @Test(arguments: UInt64(1)...30) func garbageInASidecarIsNeverServed(seed: UInt64) throws {
        let scratch = try Scratch()
        let file = object("a", byteCount: 3 * megabyte)
        var store = try scratch.open()
        for page in UInt32(0)..<3 { try store.put(file, page: page) }
        store = try scratch.open("spare")
        var random = SplitMix64(seed: seed)
        let sidecar = try #require(try scratch.files(".pages").first)
        var bytes = try Data(contentsOf: sidecar)
        let position = Int.random(in: 0..<bytes.count, using: &random)
        bytes[position] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
        try bytes.write(to: sidecar)

        store = try scratch.open()
        let there = try (UInt32(0)..<3).filter { try store.holds(file, page: $0) }
        #expect(there.count == 2 || there.isEmpty, "seed \(seed): one record or the header is gone")
        #expect(store.statistics.disks[0].badRecordCount == 1)
        for page in UInt32(0)..<3 { try store.put(file, page: page) }
        for page in UInt32(0)..<3 { #expect(try store.holds(file, page: page)) }
    }

    /// Goal: a bit that flips on disk is a miss, in a whole read and in a part, and stays one.
    @Test(arguments: [nil, 0..<10, 500_000..<500_001] as [Range<Int>?])
    func aFlippedBitIsAMiss(range: Range<Int>?) throws {
        let scratch = try Scratch()
        let file = object("a", byteCount: 2 * megabyte)
        var store = try scratch.open()
        for page in UInt32(0)..<2 { try store.put(file, page: page) }
        store = try scratch.open("spare")
        try flipBit(at: UInt64(megabyte) + 777, in: try #require(try scratch.files(".bytes").first))

        store = try scratch.open()
        #expect(try store.read(file, page: 1, range: range) == nil)
        #expect(store.statistics.badPageCount == 1)
        #expect(store.pages(of: file) == [0])
        #expect(try store.holds(file, page: 0))
        // Known to be bad, also after a restart; until it is fetched again.
        store = try scratch.open("spare")
        store = try scratch.open()
        #expect(store.pages(of: file) == [0])
        try store.put(file, page: 1)
        #expect(try store.holds(file, page: 1))
    }

    /// Goal: a page that the disk cannot read is a miss, to be fetched again, and one fault.
    ///
    /// Method: `/proc/self/mem` answers EIO to whoever reads its first page, as a bad sector does;
    /// it takes the file's place while the store does not have it open.
    @Test func anUnreadableSectorIsAMissAndOneFault() throws {
        let scratch = try Scratch()
        let file = object("a", byteCount: 2 * megabyte)
        let store = try scratch.open()
        for page in UInt32(0)..<2 { try store.put(file, page: page) }
        let path = try #require(try scratch.files(".bytes").first)
        let aside = path.appendingPathExtension("aside")
        func closeFile() throws {
            for number in 0..<5 {
                let other = object("\(number)-\(UUID())", byteCount: 1)
                try store.put(other, page: 0)
            }
        }
        try closeFile()
        try FileManager.default.moveItem(at: path, to: aside)
        try FileManager.default.createSymbolicLink(
            atPath: path.path,
            withDestinationPath: "/proc/self/mem"
        )

        for _ in 0..<10 { #expect(try store.read(file, page: 0) == nil) }
        #expect(!store.contains(file, page: 0))
        #expect(store.statistics.badPageCount == 1)
        #expect(store.statistics.disks[0].isolatedBy == nil)

        try closeFile()
        try FileManager.default.removeItem(at: path)
        try FileManager.default.moveItem(at: aside, to: path)
        try store.put(file, page: 0)
        for page in UInt32(0)..<2 { #expect(try store.holds(file, page: page)) }
    }

    @Test func aBitThatFlipsWhileRunningIsNeverServedWhole() throws {
        let scratch = try Scratch()
        let file = object("a", byteCount: megabyte)
        let store = try scratch.open()
        try store.put(file, page: 0)
        #expect(try store.holds(file, page: 0))
        try flipBit(at: 5, in: try #require(try scratch.files(".bytes").first))
        #expect(try store.read(file, page: 0) == nil)
        try store.put(file, page: 0)
        #expect(try store.holds(file, page: 0))
    }

    private func flipBit(at offset: UInt64, in file: URL) throws {
        let handle = try FileHandle(forUpdating: file)
        defer { try? handle.close() }
        try handle.seek(toOffset: offset)
        let byte = try #require(try handle.read(upToCount: 1)?.first)
        try handle.seek(toOffset: offset)
        try handle.write(contentsOf: Data([byte ^ 4]))
    }

    @Test func halvesOfPairsAreCleanedUp() throws {
        let scratch = try Scratch()
        var store = try scratch.open()
        for name in ["a", "b", "c"] { try store.put(object(name, byteCount: 100), page: 0) }
        store = try scratch.open("spare")
        try FileManager.default.removeItem(at: try scratch.files(".pages")[0])
        try FileManager.default.removeItem(at: try scratch.files(".bytes")[1])

        store = try scratch.open()
        #expect(store.statistics.disks[0].objectCount == 1)
        #expect(try scratch.files(".bytes").count == 1)
        #expect(try scratch.files(".pages").count == 1)
    }
}
