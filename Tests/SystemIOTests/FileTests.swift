// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemIO
import SystemPackage
import Testing

@Suite final class FileTests {
    private let root: FilePath

    init() throws {
        let name = "tarn-systemio-\(String(try SystemEntropy.seed(), radix: 36))"
        root = FilePath("/tmp").appending(name)
        try Directory.create(root)
    }

    deinit {
        for name in (try? Directory.names(in: root)) ?? [] {
            try? Directory.unlink(root.appending(name))
        }
        unsafe root.withPlatformString { _ = unsafe rmdir($0) }
    }

    // Files are used outside of the macros: what those make of an expression captures it.

    @Test func writesAndReadsAtOffsets() throws {
        let file = try File(root.appending("a"), .create)
        try file.write([1, 2, 3], at: 4)
        try file.syncData()
        try file.sync()
        let (all, one, none) = (
            try file.read(at: 0, count: 100), try file.read(at: 5, count: 1),
            try file.read(at: 7, count: 1)
        )
        #expect(all == [0, 0, 0, 0, 1, 2, 3])
        #expect(one == [2])
        #expect(none == [])
        try file.truncate(to: 5)
        let byteCount = try file.status().byteCount
        #expect(byteCount == 5)
    }

    // swift-format-ignore
    static let refused: [(String, File.Mode, Errno)] = [
        ("a",      .create, .fileExists),
        ("absent", .read,   .noSuchFileOrDirectory),
        ("absent", .update, .noSuchFileOrDirectory),
        (".",      .update, .isDirectory),
    ]

    @Test(arguments: refused) func openingSaysWhyNot(
        name: String,
        mode: File.Mode,
        errno: Errno
    ) throws {
        try Self.touch(root.appending("a"))
        do throws(Errno) {
            _ = try File(root.appending(name), mode)
            Issue.record("opened \(name)")
        } catch {
            #expect(error == errno)
        }
    }

    @Test func readsIntoSeveralBuffers() throws {
        let file = try File(root.appending("a"), .create)
        try file.write(Array(0..<10), at: 0)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 12, alignment: 1)
        defer { unsafe memory.deallocate() }
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
        let buffers = unsafe [
            UnsafeMutableRawBufferPointer(rebasing: memory[..<3]),
            UnsafeMutableRawBufferPointer(rebasing: memory[3...]),
        ]
        let count = try unsafe file.read(at: 2, into: buffers)
        let bytes = unsafe Array(memory)
        #expect(count == 8)
        #expect(bytes == [2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0, 0])
    }

    @Test func allocationIsCountedInBlocks() throws {
        let file = try File(root.appending("a"), .create)
        try file.truncate(to: 1 << 20)
        let hole = try file.status()
        #expect(hole.allocatedByteCount == 0 && hole.isRegular)
        try file.allocate(offset: 0, byteCount: 1 << 20)
        let allocated = try file.status().allocatedByteCount
        #expect(allocated >= 1 << 20)
    }

    @Test func aLockHasOneHolderUntilItIsClosed() throws {
        let path = root.appending("lock")
        let answers = try Self.lockTwice(path)
        #expect(answers == [true, false])
        let last = try File(path, .update)
        let isFree = try last.tryLock()
        #expect(isFree)
    }

    private static func lockTwice(_ path: FilePath) throws(Errno) -> [Bool] {
        let first = try File(path, .updateOrCreate)
        let second = try File(path, .update)
        let answers = [try first.tryLock(), try second.tryLock()]
        return answers
    }

    private static func touch(_ path: FilePath) throws(Errno) {
        let file = try File(path, .updateOrCreate)
        try file.write([1], at: 0)
    }

    @Test func namesAreListedRenamedAndRemoved() throws {
        for name in ["b", "a", "ü", "B"] { try Self.touch(root.appending(name)) }
        #expect(try Directory.names(in: root) == ["B", "a", "b", "ü"])
        try Directory.rename(root.appending("a"), to: root.appending("b"))
        try Directory.unlink(root.appending("B"))
        try Directory.sync(root)
        #expect(try Directory.names(in: root) == ["b", "ü"])
        #expect(throws: Errno.noSuchFileOrDirectory) {
            try Directory.unlink(self.root.appending("a"))
        }
        #expect(throws: Errno.noSuchFileOrDirectory) {
            try Directory.names(in: self.root.appending("none"))
        }
    }

    @Test func anExistingDirectoryIsFineOnlyWhenAskedFor() throws {
        try Directory.create(root, existing: .isFine)
        #expect(throws: Errno.fileExists) { try Directory.create(self.root) }
        try Self.touch(root.appending("a"))
        #expect(throws: Errno.fileExists) {
            try Directory.create(self.root.appending("a"), existing: .isFine)
        }
    }

    @Test func theMachineAnswers() throws {
        let space = try FileSystemSpace(of: root)
        #expect(space.total > 0 && space.available <= space.total)
        let (monotonic, boottime) = (SystemClock.monotonic, SystemClock.boottime)
        #expect(SystemClock.monotonic >= monotonic && SystemClock.boottime >= boottime)
        #expect(SystemClock.wall > 1_700_000_000_000_000_000, "after 2023")
        #expect(try SystemEntropy.seed() != SystemEntropy.seed())
        #expect(try !hostName().isEmpty)
    }
}
