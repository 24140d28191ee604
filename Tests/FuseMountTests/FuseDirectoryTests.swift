// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import Foundation
import FuseMount
import Primitives
import Synchronization
import Testing

/// Goal: names, directories and refusals as POSIX programs expect them.
@Suite(.serialized, .enabled(if: TestMount.isSupported), .timeLimit(.minutes(3)))
struct FuseDirectoryTests {
    @Test func aHundredThousandNamesAreListedOnceEachInOrder() async throws {
        let client = MemoryFileSystem()
        client.state.withLock { state in
            for number in 0..<100_000 {
                let name = ByteString("/big/file-\(String(number + 1_000_000).dropFirst())")
                let file = MemoryFileSystem.File(size: UInt64(number), seed: 1, version: "v1")
                state.files[name] = file
            }
            state.files["/small/x"] = MemoryFileSystem.File(size: 1, seed: 1, version: "v1")
        }
        try await TestMount.with(client) { mount in
            let count = try await mount.shell("ls -f \"$1\" | wc -l", mount.path("big"))
            #expect(count.output == "100002\n", "\(count.errors)")

            let found = try await mount.shell(
                "find \"$1\" -type f -size +0 | wc -l; ls -U \"$1\" | sort -c && echo sorted",
                mount.path("big")
            )
            #expect(found.output == "99999\nsorted\n", "\(found.errors)")
            #expect(client.state.withLock { $0.listCalls } < 1000)
        }
    }

    @Test func positionsStayValidAndRewindListsAnew() async throws {
        let client = MemoryFileSystem()
        for number in 0..<6000 { client.put(ByteString("/d/n\(10_000 + number)"), size: 1) }
        try await TestMount.with(client) { mount in
            let program = """
                import ctypes, os, sys
                libc = ctypes.CDLL(None, use_errno=True)
                class Dirent(ctypes.Structure):
                    _fields_ = [('ino', ctypes.c_uint64), ('off', ctypes.c_int64),
                                ('reclen', ctypes.c_ushort), ('type', ctypes.c_ubyte),
                                ('name', ctypes.c_char * 256)]
                libc.opendir.restype = ctypes.c_void_p
                libc.readdir.restype = ctypes.POINTER(Dirent)
                libc.telldir.restype = ctypes.c_long
                libc.readdir.argtypes = libc.telldir.argtypes = libc.rewinddir.argtypes = [ctypes.c_void_p]
                libc.seekdir.argtypes = [ctypes.c_void_p, ctypes.c_long]
                d = libc.opendir(sys.argv[1].encode())
                seen, places = [], []
                while True:
                    place = libc.telldir(d)
                    e = libc.readdir(d)
                    if not e: break
                    places.append(place)
                    seen.append((e.contents.name, e.contents.ino))
                print(len(seen), seen[0][0], seen[1][0], len(set(seen)))
                for i in [5999, 3, 4500, 0, 1, 2, 1002, 1003, 6001]:
                    libc.seekdir(d, places[i])
                    e = libc.readdir(d).contents
                    assert (e.name, e.ino) == seen[i], (i, e.name, seen[i])
                for name, ino in seen[2::997]:
                    assert os.stat(os.path.join(sys.argv[1].encode(), name)).st_ino == ino, name
                assert os.stat(sys.argv[1]).st_ino == seen[0][1]
                print('ready', flush=True)
                while not os.path.exists(sys.argv[2]): pass
                libc.rewinddir(d)
                names = []
                while True:
                    e = libc.readdir(d)
                    if not e: break
                    names.append(e.contents.name)
                print(len(names), names[-1])
                """
            let flag = mount.scratch + "/go"
            let reader = try Command.start(
                "/usr/bin/env",
                ["python3", "-c", program, mount.path("d"), flag]
            )
            #expect(await reader.firstLine() == "6002 b'.' b'..' 6002")
            #expect(await reader.firstLine() == "ready")
            client.put("/d/z", size: 1)
            #expect(FileManager.default.createFile(atPath: flag, contents: nil))
            let result = await reader.finish()
            #expect(result.output == "6003 b'z'\n", "\(result.errors)")
        }
    }

    static let names: [String] = [
        "with space", "tab\tand\\backslash", "ümlaut", "日本語", "emoji 🎣", "new\nline", "-dash",
        String(repeating: "x", count: 255), "é", "e\u{301}", "%2f", "..dots", "#hash;&|'\"",
    ]

    @Test(arguments: names)
    func oddNamesAreReadAndListed(name: String) async throws {
        let client = MemoryFileSystem()
        client.put(ByteString("/data/" + name), size: 7)
        try await TestMount.with(client) { mount in
            let result = try await mount.python(
                """
                import os, sys
                print(os.listdir(sys.argv[1]) == [sys.argv[2]])
                print(len(open(os.path.join(sys.argv[1], sys.argv[2]), 'rb').read()))
                """,
                mount.path("data"),
                name
            )
            #expect(result.output == "True\n7\n", "\(result.errors)")
        }
    }

    @Test func namesThatPOSIXCannotShowAreLeftOut() async throws {
        let client = MemoryFileSystem()
        client.put(ByteString("/data/" + String(repeating: "y", count: 256)), size: 1)
        client.put("/data/ok", size: 1)
        client.put("/data//empty", size: 1)
        try await TestMount.with(client) { mount in
            let result = try await mount.shell("ls \"$1\"", mount.path("data"))
            #expect(result.output == "ok\n", "\(result.errors)")
            let long = String(repeating: "y", count: 256)
            let failed = try await mount.shell("cat \"$1\"", mount.path("data/" + long))
            #expect(failed.errors.contains("File name too long"))
        }
    }

    @Test func sizesTimesOwnersAndModesAreShown() async throws {
        let client = MemoryFileSystem(["/data/file": 12345, "/data/dir/x": 1])
        let options = "uid=1234,gid=5678,fmode=0440,dmode=0550"
        try await TestMount.with(client, options: options) { mount in
            let result = try await mount.shell(
                "cd \"$1\" && stat -c '%F %s %u %g %a %.9Y %b %n' file dir",
                mount.path("data")
            )
            let expected = """
                regular file 12345 1234 5678 440 1700000000.123456789 25 file
                directory 0 1234 5678 550 0.000000000 0 dir

                """
            #expect(result.output == expected, "\(result.errors)")
        }
    }

    @Test func theTreeBelowAPathIsShown() async throws {
        let client = MemoryFileSystem(["/data/bucket/a/file": 3, "/other/x": 1])
        try await TestMount.with(client, path: "/data/bucket") { mount in
            let result = try await mount.shell(
                "cd \"$1\" && find . | sort && wc -c < a/file",
                mount.directory
            )
            #expect(result.output == ".\n./a\n./a/file\n3\n", "\(result.errors)")
        }
    }

    @Test func anotherUserMayReadWhenAllowed() async throws {
        guard geteuid() == 0 else { return }
        let client = MemoryFileSystem(["/data/file": 100])
        try await TestMount.with(client) { mount in
            let result = try await mount.shell(
                "chmod 755 . && cd \"$1\" && setpriv --reuid 65534 --clear-groups wc -c < data/file",
                mount.directory
            )
            #expect(result.output == "100\n", "\(result.errors)")
        }
    }

    static let refusals: [(command: String, error: String)] = [
        ("cat data/missing", "No such file or directory"),
        ("cat missing/missing", "No such file or directory"),
        ("cat data", "Is a directory"),
        ("ls data/file/x", "Not a directory"),
        ("echo x > data/new", "Read-only file system"),
        ("echo x > data/file", "Read-only file system"),
        ("rm -f data/file", "Read-only file system"),
        ("mkdir data/dir", "Read-only file system"),
        ("rmdir data", "Read-only file system"),
        ("mv data/file data/other", "Read-only file system"),
        ("ln -s x data/link", "Read-only file system"),
        ("ln data/file data/hard", "Read-only file system"),
        ("chmod 600 data/file", "Read-only file system"),
        ("touch data/file", "Read-only file system"),
        ("truncate -s 1 data/file", "Read-only file system"),
        ("setfattr -n user.x -v y data/file", "Read-only file system"),
        ("getfattr -n user.x data/file", "Operation not supported"),
    ]

    @Test func whatCannotBeDoneFailsWithItsReason() async throws {
        let client = MemoryFileSystem(["/data/file": 100])
        try await TestMount.with(client) { mount in
            for (command, error) in Self.refusals {
                let tool = command.split(separator: " ")[0]
                let has = try await mount.shell("command -v \(tool)")
                guard has.status == 0 else { continue }
                let result = try await mount.shell(
                    "cd \"$1\" && LC_ALL=C " + command,
                    mount.directory
                )
                #expect(result.status != 0, "\(command)")
                #expect(result.errors.contains(error), "\(command): \(result.errors)")
            }
            let links = try await mount.shell("readlink \"$1\"", mount.path("data/file"))
            #expect(links.status == 1)
        }
    }

    @Test func errorsOfTheClusterBecomeErrnos() async throws {
        let client = MemoryFileSystem(["/data/file": 100, "/data/other": 5])
        try await TestMount.with(client) { mount in
            let rows: [(FileError, String)] = [
                (.accessDenied(code: "AccessDenied"), "Permission denied"),
                (.originFailed("503"), "Input/output error"),
                (.timedOut, "Connection timed out"),
                (.overloaded, "Device or resource busy"),
                (.stale, "Stale file handle"),
            ]
            for (error, text) in rows {
                client.state.withLock { $0.errors["/data/other"] = error }
                let result = try await mount.shell("LC_ALL=C cat \"$1\"", mount.path("data/other"))
                #expect(result.errors.contains(text), "\(error): \(result.errors)")
            }
            client.state.withLock { $0.errors = [:] }
            let result = try await mount.shell("wc -c < \"$1\"", mount.path("data/other"))
            #expect(result.output == "5\n")
        }
    }

    @Test func theSizeOfTheCacheIsShown() async throws {
        let client = MemoryFileSystem(["/data/file": 100])
        try await TestMount.with(client) { mount in
            let result = try await mount.shell(
                "df --output=size,used,avail,source -B1 \"$1\" | tail -1",
                mount.directory
            )
            let words = result.output.split(whereSeparator: \.isWhitespace)
            #expect(words == ["10737418240", "4294967296", "6442450944", "tarn://test:1,b/"])
            client.state.withLock { $0.capacity = nil }
            let still = try await mount.shell("stat -f -c %l \"$1\"", mount.directory)
            #expect(still.output == "255\n")
        }
    }

    @Test func theKernelForgetsAndSoDoWe() async throws {
        guard geteuid() == 0 else { return }
        let client = MemoryFileSystem()
        for number in 0..<2000 { client.put(ByteString("/d/\(number)"), size: 1) }
        try await TestMount.with(client) { mount in
            _ = try await mount.shell("ls -l \"$1\" > /dev/null", mount.path("d"))
            #expect(mount.server.knownNodes >= 2000)
            let drop = try await mount.shell(
                "mount -o remount,ro \"$1\"; echo 2 > /proc/sys/vm/drop_caches",
                mount.directory
            )
            #expect(drop.status == 0, "\(drop.errors)")
            #expect(await eventually { mount.server.knownNodes < 100 })
            #expect(mount.server.openFiles == 0)
        }
    }
}
