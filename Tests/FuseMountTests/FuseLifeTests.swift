// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import Foundation
import FuseMount
import Glibc
import Primitives
import Synchronization
import Testing

/// Goal: mounts come, go, and never leave a hung directory behind.
@Suite(.serialized, .enabled(if: TestMount.isSupported), .timeLimit(.minutes(3)))
struct FuseLifeTests {
    @Test func aMountIsListedWithItsStateAndGoneAfterUnmount() async throws {
        let client = MemoryFileSystem(["/data/file": 100])
        try await TestMount.with(client, path: "/data") { mount in
            let listed = try FuseMounts.list().first { $0.directory.text == mount.directory }
            #expect(listed?.source == "tarn://test:1,b/data")
            #expect(FuseMounts.health(of: mount.directory) == .alive)
            let state = try #require(mount.states.state(of: mount.directory))
            #expect(state.process.pid == getpid() && state.process.isRunning)
            #expect(state.path == "/data" && state.region == "here")

            let server = mount.server
            async let end = server.run()
            let directory = mount.directory
            let states = mount.states
            states.remove(directory, of: nil)  // Its process is ours: not to be waited for.
            try await Command.onThread {
                Result { try FuseMounts.unmount(directory, mode: .normal, states: nil) }
            }.get()
            #expect(await end == .unmounted)
            #expect(try FuseMounts.topmost(on: directory) == nil)
            #expect(states.state(of: directory) == nil)
        }
    }

    @Test func aBusyMountIsNotTakenAwayUnlessForced() async throws {
        let client = MemoryFileSystem(["/data/file": 100])
        try await TestMount.with(client) { mount in
            let program = """
                import signal, sys
                f = open(sys.argv[1]); print('open', flush=True)
                sys.stdin.read()
                signal.alarm(30); signal.pause()
                """
            let holder = try Command.start(
                "/usr/bin/env",
                ["python3", "-c", program, mount.path("data/file")]
            )
            #expect(await holder.firstLine() == "open")
            let directory = mount.directory
            await #expect(throws: FuseMountError.busy(directory: directory)) {
                try await Command.onThread {
                    Result { try FuseMounts.unmount(directory, mode: .normal, states: nil) }
                }.get()
            }
            let forced = await Command.onThread {
                Result { try FuseMounts.unmount(directory, mode: .force, states: nil) }
            }
            try forced.get()
            #expect(try FuseMounts.topmost(on: directory) == nil)
            holder.process.terminate()
            kill(holder.process.processIdentifier, SIGKILL)
            _ = await holder.finish()
            #expect(await mount.server.run() == .unmounted)
        }
    }

    @Test func stoppingEndsTheMount() async throws {
        let client = MemoryFileSystem(["/data/file": 100])
        try await TestMount.with(client) { mount in
            #expect(await mount.server.stop() == .stopped(openFiles: 0))
            #expect(await mount.server.run() == .stopped(openFiles: 0))
            let left = try FuseMounts.topmost(on: mount.directory)
            #expect(left == nil)
            #expect(mount.states.state(of: mount.directory) == nil)
        }
    }

    @Test func whatCannotBeMountedOnIsNamed() async throws {
        let client = MemoryFileSystem(["/data/file": 100])
        try await TestMount.with(client) { mount in
            let server = try TestMount.makeServer(client, "/", "", nil)
            let missing = mount.scratch + "/missing"
            await #expect(throws: FuseMountError.missingDirectory(missing)) {
                try await server.mount(at: missing)
            }
            let file = mount.scratch + "/plain"
            #expect(FileManager.default.createFile(atPath: file, contents: nil))
            await #expect(throws: FuseMountError.notADirectory(file)) {
                try await server.mount(at: file)
            }
            let directory = mount.directory
            await #expect(
                throws: FuseMountError.alreadyMounted(
                    directory: directory,
                    source: "tarn://test:1,b/"
                )
            ) {
                try await server.mount(at: directory)
            }
            let absent = try TestMount.makeServer(client, "/absent", "", nil)
            await #expect(throws: FuseMountError.noRoot(path: "/absent", .notFound)) {
                try await absent.mount(at: mount.scratch + "/state")
            }
            #expect(throws: FuseMountError.notMounted(directory: mount.scratch)) {
                try FuseMounts.unmount(mount.scratch, mode: .force, states: nil)
            }
        }
    }

    /// Goal: a mount can be found and ended while its cluster answers nothing at all.
    @Test func aMountWithoutItsClusterIsAliveAndUnmounts() async throws {
        let client = MemoryFileSystem(["/data/file": 100])
        try await TestMount.with(client) { mount in
            client.closeGate()
            client.state.withLock { $0.validFor = Timespan(milliseconds: 0) }
            let link = mount.scratch + "/link"
            #expect(unsafe symlink("./mnt/../mnt", link) == 0)
            #expect(try FuseMounts.canonical(link) == mount.directory)
            #expect(try FuseMounts.canonical(mount.directory + "/.") == mount.directory)
            let directory = mount.directory
            let health = await Command.onThread { FuseMounts.health(of: directory) }
            #expect(health == .alive)
            try await Command.onThread {
                Result { try FuseMounts.unmount(link, mode: .normal, states: nil) }
            }.get()
            #expect(await mount.server.run() == .unmounted)
        }
    }

    @Test func aDirectoryThatHoldsFilesMayBeMountedOn() async throws {
        let client = MemoryFileSystem(["/data/file": 100])
        try await TestMount.with(client) { mount in
            let server = try TestMount.makeServer(client, "/", "", nil)
            let directory = mount.scratch + "/state"  // Holds the state of the other mount.
            try await server.mount(at: directory)
            let result = try await mount.shell("ls \"$1\"", directory)
            #expect(result.output == "data\n")
            _ = await server.stop()
        }
    }

    /// Goal: a signal ends a call that waits for the cluster, and the mount goes on.
    @Test func aWaitingCallerCanBeInterrupted() async throws {
        let client = MemoryFileSystem(["/data/file": 1 << 20, "/data/slow": 1 << 20])
        try await TestMount.with(client) { mount in
            _ = try await mount.shell("cat \"$1\" > /dev/null", mount.path("data/file"))
            client.closeGate()
            // Whoever cannot be interrupted cannot be killed either: let the test fail, not hang.
            let rescue = Task {
                try await Task.sleep(for: .seconds(30))  // limit: of the rescue
                client.openGate()
            }
            defer { rescue.cancel() }
            let killed = try await mount.python(
                """
                import signal, subprocess, sys
                signal.pthread_sigmask(signal.SIG_SETMASK, [])
                for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
                    child = subprocess.Popen(['cat', sys.argv[1]], stdout=subprocess.DEVNULL)
                    try: child.wait(0.3)
                    except subprocess.TimeoutExpired: pass
                    child.send_signal(signum)
                    print(child.wait(10))
                """,
                mount.path("data/slow")
            )
            #expect(killed.output == "-2\n-15\n-9\n", "\(killed.errors)")
            client.openGate()
            let after = try await mount.shell("wc -c < \"$1\"", mount.path("data/slow"))
            #expect(after.output == "1048576\n", "\(after.errors)")
            #expect(await eventually { mount.server.openFiles == 0 })
        }
    }

    /// Goal: what a killed process leaves behind is taken away by the next mount on the directory.
    @Test func aMountAfterKill9Works() async throws {
        let scratch = try Scratch.make()
        defer { Scratch.remove(scratch) }
        let directory = scratch + "/mnt"
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: false
        )
        unsafe setenv("TARN_TEST_MOUNT", directory, 1)
        defer { unsafe unsetenv("TARN_TEST_MOUNT") }

        await #expect(processExitsWith: .signal(SIGKILL)) {
            let directory = try #require(ProcessInfo.processInfo.environment["TARN_TEST_MOUNT"])
            let client = MemoryFileSystem(["/data/file": 100])
            let server = try TestMount.makeServer(client, "/", "", nil)
            try await server.mount(at: directory)
            kill(getpid(), SIGKILL)
        }
        #expect(FuseMounts.health(of: directory) == .dead)
        #expect(try FuseMounts.canonical(directory) == directory)

        let client = MemoryFileSystem(["/data/file": 4242])
        let server = try TestMount.makeServer(client, "/", "", nil)
        try await server.mount(at: directory)
        let result = try await Command.run("/bin/sh", ["-c", "wc -c < \(directory)/data/file"])
        #expect(result.output == "4242\n", "\(result.errors)")
        _ = await server.stop()
        #expect(try FuseMounts.topmost(on: directory) == nil)
    }

    @Test func aDeadMountIsUnmounted() async throws {
        let scratch = try Scratch.make()
        defer { Scratch.remove(scratch) }
        unsafe setenv("TARN_TEST_MOUNT", scratch, 1)
        defer { unsafe unsetenv("TARN_TEST_MOUNT") }
        await #expect(processExitsWith: .signal(SIGKILL)) {
            let directory = try #require(ProcessInfo.processInfo.environment["TARN_TEST_MOUNT"])
            let server = try TestMount.makeServer(MemoryFileSystem(["/x": 1]), "/", "", nil)
            try await server.mount(at: directory)
            kill(getpid(), SIGKILL)
        }
        #expect(try FuseMounts.topmost(on: scratch) != nil)
        try FuseMounts.unmount(scratch, mode: .force, states: nil)
        #expect(try FuseMounts.topmost(on: scratch) == nil)
    }
}
