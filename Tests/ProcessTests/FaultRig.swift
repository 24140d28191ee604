// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import TestKit

/// What the fault tests need of the machine, and what they do to files and system calls.
enum FaultRig {
    /// Whether a mount namespace of one's own and a tmpfs in it may be made: as root, in most places.
    static let canMount = succeeds(
        "/usr/bin/unshare",
        ["-m", "mount", "-t", "tmpfs", "none", "/mnt"]
    )

    /// Whether `strace` is there, and may trace.
    static let canTrace = succeeds("/usr/bin/strace", ["-o", "/dev/null", "/bin/true"])

    /// Whether tests of more than a minute are asked for (`dev/faults`).
    static let isPatient = ProcessInfo.processInfo.environment["TARN_SLOW_TESTS"] != nil

    private static func succeeds(_ program: String, _ arguments: [String]) -> Bool {
        guard FileManager.default.isExecutableFile(atPath: program) else { return false }
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    /// A worker's wrapper that puts its data directory on a tmpfs of its own, gone with the process.
    static func onSmallDisk(_ worker: TarnWorker, mebibytes: Int) -> [String] {
        let script = """
            mkdir -p "$1" && mount -t tmpfs -o size=$2m none "$1" && shift 2 && exec "$@"
            """
        return [
            "/usr/bin/unshare", "-m", "/bin/sh", "-c", script, "sh", worker.dataDirectory,
            "\(mebibytes)",
        ]
    }

    /// Its data directory as the worker itself sees it.
    static func inside(_ worker: TarnWorker) -> String {
        "/proc/\(worker.process?.pid ?? 0)/root\(worker.dataDirectory)"
    }

    /// Makes every `fdatasync` of a worker fail, or wait, as `injection` says, until it is ended.
    static func inject(_ injection: String, into worker: TarnWorker) async throws -> ChildProcess {
        let log = "\(worker.directory)/strace-\(Int.random(in: 0..<1_000_000))"
        let strace = try ChildProcess(
            "/usr/bin/strace",
            [
                "-f", "-p", "\(worker.process?.pid ?? 0)", "-e", "trace=fdatasync",
                "-e", "inject=fdatasync:\(injection)",
            ],
            logPath: log,
            tie: .toThisProcess
        )
        try await waitUntil("strace on \(worker.name): \(strace.output)") {
            strace.output.contains("attached")
        }
        return strace
    }

    /// A worker's wrapper that makes every read of these files fail, as of sectors that are lost.
    static func unreadable(_ paths: [String]) -> [String] {
        ["/usr/bin/strace", "-D", "-f", "--seccomp-bpf", "-qqq", "-o", "/dev/null"]
            + paths.flatMap { ["-P", $0] }
            + ["-e", "trace=pread64", "-e", "inject=pread64:error=EIO"]
    }

    /// Turns one bit over.
    static func flip(_ path: String, at offset: UInt64) throws {
        let file = try FileHandle(forUpdating: URL(filePath: path))
        defer { try? file.close() }
        try file.seek(toOffset: offset)
        guard let byte = try file.read(upToCount: 1)?.first else {
            throw TestKitError.failed("nothing at \(offset) of \(path)", output: "")
        }
        try file.seek(toOffset: offset)
        try file.write(contentsOf: [byte ^ 4])
    }
}

extension TarnCluster {
    /// Puts a mount through any of these until it is acknowledged, and answers its path.
    @discardableResult
    func store(_ path: String, through workers: [TarnWorker]? = nil) async throws -> String {
        let workers = workers ?? self.workers
        var tries = 0
        try await waitUntil("\(path) stored\n\(logEnds)", within: .seconds(30)) {
            let worker = workers[tries % workers.count]
            tries += 1
            let answer = try? await worker.putMount(path, "file:///tmp", ["If-Match": "*"])
            return answer.map { [200, 201].contains($0.status) } ?? false
        }
        return path
    }
}

extension TarnWorker {
    /// Whether this worker's catalog holds all of these mounts.
    func holds(_ paths: [String]) async throws -> Bool {
        let answer = try await web.get("/v1/mounts?limit=1000")
        return paths.allSatisfy { answer.text.contains("\"\($0)\"") }
    }

    /// Kinds of the alarms that this worker knows of, its own and others'.
    func alarms() async throws -> [String] { try await cluster().alarms.map(\.kind) }
}
