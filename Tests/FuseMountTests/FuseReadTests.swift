// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import Foundation
import FuseMount
import Primitives
import Synchronization
import Testing

/// Goal: every byte through the kernel is the byte of the file.
@Suite(.serialized, .enabled(if: TestMount.isSupported), .timeLimit(.minutes(3)))
struct FuseReadTests {
    static let mebibyte: UInt64 = 1 << 20

    /// Python that computes what `MemoryFileSystem.byte` computes, and compares whole files.
    static let checker = """
        import sys
        def content(seed, start, end):
            out = bytearray()
            first, last = start >> 3, (end + 7) >> 3
            m = (1 << 64) - 1
            for word in range(first, last):
                x = (word * 0x9E3779B97F4A7C15 + seed * 0xC2B2AE3D27D4EB4F) & m
                out += (x ^ (x >> 29)).to_bytes(8, 'little')
            return bytes(out[start - first * 8 : end - first * 8])

        """

    @Test(arguments: [0, 1, 4095, 4096, mebibyte - 1, mebibyte, mebibyte + 1, 5 * mebibyte + 7])
    func everyByteOfAFile(size: UInt64) async throws {
        let client = MemoryFileSystem()
        let file = client.put("/data/file", size: size)
        try await TestMount.with(client) { mount in
            let result = try await mount.python(
                Self.checker + """
                    got = open(sys.argv[1], 'rb').read()
                    want = content(int(sys.argv[2]), 0, int(sys.argv[3]))
                    print(len(got), got == want)
                    """,
                mount.path("data/file"),
                "\(file.seed)",
                "\(size)"
            )
            #expect(result.output == "\(size) True\n", "\(result.errors)")
        }
    }

    @Test func randomReadsAndMemoryMaps() async throws {
        let client = MemoryFileSystem()
        let size = 7 * Self.mebibyte + 123
        let file = client.put("/data/file", size: size)
        try await TestMount.with(client) { mount in
            let result = try await mount.python(
                Self.checker + """
                    import os, random, mmap
                    path, seed, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
                    rng = random.Random(4711)
                    fd = os.open(path, os.O_RDONLY)
                    view = mmap.mmap(fd, 0, prot=mmap.PROT_READ)
                    checked = 0
                    for _ in range(200):
                        start = rng.randrange(size)
                        length = rng.choice([1, 511, 4096, 65536, 300000])
                        want = content(seed, start, min(start + length, size))
                        assert os.pread(fd, length, start) == want, ('pread', start, length)
                        start2 = rng.randrange(size)
                        end2 = min(start2 + 5000, size)
                        assert view[start2:end2] == content(seed, start2, end2), ('mmap', start2)
                        checked += 1
                    assert os.pread(fd, 10, size) == b''
                    print('checked', checked)
                    """,
                mount.path("data/file"),
                "\(file.seed)",
                "\(size)"
            )
            #expect(result.output == "checked 200\n", "\(result.errors)")
        }
    }

    @Test func eightReadersAtOnceReadTheSame() async throws {
        let client = MemoryFileSystem()
        client.put("/data/file", size: 3 * Self.mebibyte)
        try await TestMount.with(client) { mount in
            let result = try await mount.python(
                """
                import subprocess, sys
                readers = [subprocess.Popen(['sha256sum', sys.argv[1]]) for _ in range(8)]
                sys.exit(max(reader.wait() for reader in readers))
                """,
                mount.path("data/file")
            )
            let sums = result.output.split(separator: "\n")
            #expect(sums.count == 8)
            #expect(Set(sums).count == 1)
        }
    }

    @Test func aSecondReadComesFromTheKernelsCache() async throws {
        let client = MemoryFileSystem(["/data/file": 2 * Self.mebibyte])
        try await TestMount.with(client) { mount in
            let first = try await mount.shell("sha256sum < \"$1\"", mount.path("data/file"))
            let reads = client.state.withLock { $0.readSizes.count }
            #expect(reads > 0)
            let second = try await mount.shell("sha256sum < \"$1\"", mount.path("data/file"))
            #expect(first.output == second.output)
            #expect(client.state.withLock { $0.readSizes.count } == reads)
        }
    }

    @Test func sequentialReadsAreLargeAndAnnounceWhatFollows() async throws {
        let client = MemoryFileSystem(["/data/file": 24 * Self.mebibyte])
        try await TestMount.with(client) { mount in
            _ = try await mount.shell(
                "dd if=\"$1\" of=/dev/null bs=1M status=none",
                mount.path("data/file")
            )
            let (sizes, hints) = client.state.withLock { ($0.readSizes, $0.readAheads) }
            if geteuid() == 0 { #expect(sizes.max() == 1 << 20, "\(sizes)") }
            #expect(hints.max() == ReadPattern.largestHint, "\(hints)")
            #expect(mount.recorder.count(.read) >= sizes.count)
        }
    }

    @Test func aNewVersionIsReadByWhoOpensAnewAndNotByWhoHasTheOldOneOpen() async throws {
        let client = MemoryFileSystem()
        let old = client.put("/data/file", size: 3 * Self.mebibyte)
        client.state.withLock { $0.validFor = Timespan(milliseconds: 0) }
        try await TestMount.with(client) { mount in
            let program =
                Self.checker + """
                    import os
                    path = sys.argv[1]
                    fd = os.open(path, os.O_RDONLY)
                    first = os.pread(fd, 100, 0)
                    print('open', flush=True)
                    while not os.path.exists(sys.argv[2]): pass
                    late = os.pread(fd, 100, 2 << 20)
                    seed = int(sys.argv[3])
                    print(first == content(seed, 0, 100), late == content(seed, 2 << 20, (2 << 20) + 100))
                    print(os.fstat(fd).st_size, os.stat(path).st_size, os.fstat(fd).st_ino == os.stat(path).st_ino)
                    print(open(path, 'rb').read()[:100] == content(int(sys.argv[4]), 0, 100))
                    """
            let flag = mount.scratch + "/go"
            let reader = try Command.start(
                "/usr/bin/env",
                ["python3", "-c", program, mount.path("data/file"), flag, "\(old.seed)", "2"]
            )
            #expect(await reader.firstLine() == "open")
            let new = client.put("/data/file", size: 5000)
            #expect(new.seed == 2)
            #expect(FileManager.default.createFile(atPath: flag, contents: nil))
            let result = await reader.finish()
            #expect(
                result.output == "True True\n3145728 5000 True\nTrue\n",
                "\(result.errors)"
            )
        }
    }

    /// Goal: a version found gone is not opened again, although its name may still be believed.
    @Test(arguments: [true, false]) func aGoneVersionIsNotOpenedAgain(isReplaced: Bool) async throws
    {
        let client = MemoryFileSystem()
        client.put("/data/file", size: 3 * Self.mebibyte)
        client.put("/data/other", size: 1)
        try await TestMount.with(client) { mount in
            let program = """
                import os, sys, errno
                def attempt():
                    try:
                        with open(sys.argv[1], 'rb') as file: return len(file.read())
                    except OSError as e: return errno.errorcode[e.errno]
                os.stat(sys.argv[1])
                print('known', flush=True)
                while not os.path.exists(sys.argv[2]): pass
                print(attempt(), attempt(), attempt())
                """
            let flag = mount.scratch + "/go"
            let reader = try Command.start(
                "/usr/bin/env",
                ["python3", "-c", program, mount.path("data/file"), flag]
            )
            #expect(await reader.firstLine() == "known")
            client.state.withLock { state in
                (state.files["/data/file"], state.versions["/data/file@v1"]) = (nil, nil)
            }
            if isReplaced { #expect(client.put("/data/file", size: 5000).version != "v1") }
            #expect(FileManager.default.createFile(atPath: flag, contents: nil))
            let output = await reader.finish().output
            #expect(output == (isReplaced ? "ESTALE 5000 5000\n" : "ESTALE ENOENT ENOENT\n"))
        }
    }

    @Test func aVersionThatIsGoneIsStale() async throws {
        let client = MemoryFileSystem(["/data/file": 3 * Self.mebibyte])
        try await TestMount.with(client) { mount in
            let program = """
                import os, sys, errno
                fd = os.open(sys.argv[1], os.O_RDONLY)
                print('open', flush=True)
                while not os.path.exists(sys.argv[2]): pass
                try:
                    os.pread(fd, 100, 1 << 20)
                except OSError as e:
                    print(errno.errorcode[e.errno])
                """
            let flag = mount.scratch + "/go"
            let reader = try Command.start(
                "/usr/bin/env",
                ["python3", "-c", program, mount.path("data/file"), flag]
            )
            #expect(await reader.firstLine() == "open")
            client.state.withLock { $0.versions = [:] }
            #expect(FileManager.default.createFile(atPath: flag, contents: nil))
            #expect(await reader.finish().output == "ESTALE\n")
        }
    }
}
