// SPDX-License-Identifier: Apache-2.0
import Foundation
import FuseMount
import Glibc
import Logging
import Primitives
import Synchronization

/// A real mount of a ``MemoryFileSystem`` in a scratch directory.
///
/// The server runs in the test process; who reads are child processes, because a reader in here
/// could hold the very thread that its answer needs.
struct TestMount {
    static let isSupported: Bool = {
        guard unsafe access("/dev/fuse", R_OK | W_OK) == 0 else {
            print("SKIPPED: /dev/fuse is missing or may not be opened; no real mount is tested")
            return false
        }
        return true
    }()

    let directory: String
    let scratch: String
    let server: FuseServer
    let client: MemoryFileSystem
    let states: MountStateStore
    let recorder: CountingRecorder

    /// Mounts, runs `body`, and takes the mount away whatever happens.
    static func with(
        _ client: MemoryFileSystem,
        path: ByteString = "/",
        options: String = "",
        _ body: (TestMount) async throws -> Void
    ) async throws {
        let scratch = try Scratch.make()
        defer { Scratch.remove(scratch) }
        let directory = scratch + "/mnt"
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: false
        )
        let states = try MountStateStore(directory: scratch + "/state")
        let recorder = CountingRecorder()
        let server = try makeServer(client, path, options, states, recorder)
        try await server.mount(at: directory)
        let mount = TestMount(
            directory: directory,
            scratch: scratch,
            server: server,
            client: client,
            states: states,
            recorder: recorder
        )
        do {
            try await body(mount)
        } catch {
            client.openGate()
            _ = await server.stop()
            throw error
        }
        client.openGate()
        _ = await server.stop()
    }

    static func makeServer(
        _ client: MemoryFileSystem,
        _ path: ByteString = "/",
        _ options: String = "",
        _ states: MountStateStore?,
        _ recorder: CountingRecorder = CountingRecorder()
    ) throws -> FuseServer {
        var logger = Logger(label: "fuse-test")
        logger.logLevel = .error
        return FuseServer(
            client: client,
            description: FuseMountDescription(path: path, address: "test:1,b", region: "here"),
            options: try FuseMountOptions(parsing: [options]),
            states: states,
            recorder: recorder,
            logger: logger
        )
    }

    func path(_ name: String) -> String { directory + "/" + name }

    /// Runs a shell command in the mount's parent; `$1…` are `arguments`.
    func shell(_ command: String, _ arguments: String...) async throws -> Command.Result {
        try await Command.run("/bin/sh", ["-c", command, "sh"] + arguments, in: scratch)
    }

    func python(_ program: String, _ arguments: String...) async throws -> Command.Result {
        try await Command.run("/usr/bin/env", ["python3", "-c", program] + arguments, in: scratch)
    }
}

final class CountingRecorder: FuseOperationRecorder {
    private let counts = Mutex<[FuseOperation: Int]>([:])

    func record(_ operation: FuseOperation, duration: Duration) {
        precondition(duration >= .zero)
        counts.withLock { $0[operation, default: 0] += 1 }
    }

    func count(_ operation: FuseOperation) -> Int {
        counts.withLock { $0[operation] ?? 0 }
    }
}

enum Scratch {
    static func make() throws -> String {
        let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        var template = Array((base + "/tarn-fuse-" + String(repeating: "X", count: 6)).utf8CString)
        guard let made = unsafe mkdtemp(&template) else {
            throw FuseMountError.badStateDirectory(path: base, errno: errno)
        }
        return unsafe String(cString: made)
    }

    /// Detaches what may still be mounted below, then removes the directory.
    static func remove(_ scratch: String) {
        for mount in (try? MountInfo.all()) ?? [] where mount.directory.text.hasPrefix(scratch) {
            unsafe umount2(mount.directory.text, Int32(MNT_DETACH))
        }
        try? FileManager.default.removeItem(atPath: scratch)
    }
}

/// Child processes, waited for on threads of their own and killed after a minute.
///
/// Foundation starts them with the signals of its own threads blocked: a shell's `wait` would never
/// return, and Ctrl-C would not arrive. Programs that need signals unblock them first.
enum Command {
    struct Result {
        let status: Int32
        let output: String
        let errors: String
    }

    static func run(
        _ executable: String,
        _ arguments: [String],
        in directory: String? = nil
    ) async throws -> Result {
        try await start(executable, arguments, in: directory).finish()
    }

    static func start(
        _ executable: String,
        _ arguments: [String],
        in directory: String? = nil
    ) throws -> Running {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
        let output = Pipe()
        let errors = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        return Running(process: process, output: output, errors: errors)
    }

    struct Running {
        let process: Process
        let output: Pipe
        let errors: Pipe

        func finish() async -> Result {
            let watchdog = Task {
                try await Task.sleep(for: .seconds(60))  // limit: a program that hangs
                kill(process.processIdentifier, SIGKILL)
            }
            defer { watchdog.cancel() }
            async let standard = Self.read(output)
            async let error = Self.read(errors)
            let (text, errorText) = await (standard, error)
            // Not on the pool, though the pipes are closed: Foundation learns of the end from a socket
            // that a child started at the same moment may hold as well, and that child may wait for
            // a daemon that answers on the pool.
            await onThread { [process] in process.waitUntilExit() }
            return Result(status: process.terminationStatus, output: text, errors: errorText)
        }

        /// The first line it prints, for tests that wait for a child to get somewhere.
        func firstLine() async -> String {
            let descriptor = output.fileHandleForReading.fileDescriptor
            return await onThread {
                var line: [UInt8] = []
                var byte: UInt8 = 0
                while unsafe Glibc.read(descriptor, &byte, 1) == 1, byte != UInt8(ascii: "\n") {
                    line.append(byte)
                }
                return String(decoding: line, as: UTF8.self)
            }
        }

        private static func read(_ pipe: Pipe) async -> String {
            let handle = pipe.fileHandleForReading
            return await onThread {
                String(decoding: handle.readDataToEndOfFile(), as: UTF8.self)
            }
        }
    }

    static func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }
}

/// Looks for a fact until it holds, at most `seconds`.
func eventually(
    within seconds: Int = 10,
    _ isTrue: @Sendable () async -> Bool
) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
        if await isTrue() { return true }
        await Task.yield()
        try? await Task.sleep(for: .milliseconds(5))
    }
    return await isTrue()
}
