// SPDX-License-Identifier: Apache-2.0
import CFuse3  // `stat` is its or Glibc's, whichever the compiler met first.
import Foundation
import Glibc
import Synchronization

/// Serving a mount from a process in the background: `tarn fuse mount` without `--foreground`.
///
///     caller                                    started process (same program, --foreground)
///       ├─ spawn: pipe on descriptor 3 ───────▶ mounts, and looks whether the mount answers
///       ◀──────────────── "ready\n" ─────────── reportReady()
///       ◀────── "failed CODE\nREASON" ───────── reportFailure(_:exitCode:)
///       ◀──── end of file without a word ────── died: the end of its log is the reason
package enum FuseDaemon {
    /// Names the descriptor to report on, in the started process's environment.
    package static let readyVariable = "TARN_FUSE_READY_FD"

    /// Starts a serving process and waits until its mount answers.
    ///
    /// `arguments` is the command line without the program's name, `--foreground` included; paths
    /// in it must be absolute, because the process leaves the directory it was started in. What it
    /// prints is appended to the file `log`. `executable` is this program unless given. Returns
    /// the process, which serves on after this one has ended.
    ///
    /// - Throws: ``FuseMountError/daemonFailed(reason:exitCode:)``,
    ///   ``FuseMountError/daemonDied(status:log:)``,
    ///   ``FuseMountError/daemonTimedOut(afterMS:)``.
    package static func spawn(
        arguments: [String],
        log: String,
        timeout: Duration,
        executable: String? = nil
    ) async throws(FuseMountError) -> Int32 {
        try await OwnThread.run {
            Result { () throws(FuseMountError) in
                try start(executable ?? ownExecutable(), arguments, log: log, timeout: timeout)
            }
        }.get()
    }

    /// Tells whoever started this process that the mount answers.
    ///
    /// Does nothing in a process that was not started by ``spawn``.
    package static func reportReady() {
        report("ready\n")
        _ = unsafe chdir("/")  // Do not keep the caller's directory busy.
    }

    /// Tells whoever started this process why it cannot serve, and how it will exit.
    package static func reportFailure(_ reason: String, exitCode: CInt) {
        report("failed \(exitCode)\n\(reason)")
    }

    // MARK: - The started process

    private static func report(_ message: String) {
        guard let text = ProcessInfo.processInfo.environment[readyVariable],
            let descriptor = CInt(text), descriptor > 2
        else { return }
        unsafe unsetenv(readyVariable)  // Once only, and not for our own children.
        signal(SIGPIPE, SIG_IGN)
        let bytes = Array(message.utf8.prefix(32 << 10))  // Fits the pipe: never blocks.
        _ = unsafe write(descriptor, bytes, bytes.count)
        close(descriptor)
    }

    // MARK: - The caller

    private static func start(
        _ executable: String,
        _ arguments: [String],
        log: String,
        timeout: Duration
    ) throws(FuseMountError) -> Int32 {
        var ends: [CInt] = [0, 0]
        guard unsafe pipe(&ends) == 0 else {
            throw .daemonDied(status: errnoText(errno), log: "")
        }
        defer { close(ends[0]) }
        let logStart = size(of: log)
        let environment = ProcessInfo.processInfo.environment
        let started = ChildProcess.spawn(
            executable,
            arguments: ["tarn"] + arguments,
            environment: environment.merging([readyVariable: "3"]) { $1 },
            files: ChildProcess.Files(third: ends[1], log: log)
        )
        close(ends[1])
        let pid: pid_t
        switch started {
        case .success(let child): pid = child
        case .failure(let failure):
            throw .daemonDied(status: errnoText(failure.errno), log: "")
        }
        return try judge(pid, ends[0], log: log, logStart: logStart, timeout: timeout)
    }

    private static func judge(
        _ pid: pid_t,
        _ pipe: CInt,
        log: String,
        logStart: Int,
        timeout: Duration
    ) throws(FuseMountError) -> Int32 {
        guard let message = readAll(pipe, timeout: timeout) else {
            ProcessIdentity(pid: pid)?.end()
            _ = ChildProcess.wait(pid)
            throw .daemonTimedOut(afterMS: UInt64(timeout / .milliseconds(1)))
        }
        if message == "ready\n" { return pid }

        let lines = message.split(separator: "\n", maxSplits: 1)
        if let first = lines.first, first.hasPrefix("failed "),
            let code = CInt(first.dropFirst("failed ".count))
        {
            ProcessIdentity(pid: pid)?.waitForEnd(timeout: .seconds(2))
            waitpid(pid, nil, WNOHANG)
            throw .daemonFailed(reason: lines.count > 1 ? String(lines[1]) : "", exitCode: code)
        }
        let status = ChildProcess.wait(pid)
        throw .daemonDied(
            status: status > 128 ? "signal \(status - 128)" : "exit status \(status)",
            log: tail(of: log, from: logStart)
        )
    }

    /// Everything until the other end is closed; `nil` if that takes longer than `timeout`.
    private static func readAll(_ pipe: CInt, timeout: Duration) -> String? {
        let deadline = ContinuousClock.now + timeout
        var message: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while message.count < 64 << 10 {
            let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
            var waiting = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
            let ready = unsafe poll(&waiting, 1, CInt(max(0, min(left, 1e9))))
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { return nil }
            let count = unsafe Glibc.read(pipe, &chunk, chunk.count)
            guard count > 0 else { break }
            message += chunk[..<count]
        }
        return String(decoding: message, as: UTF8.self)
    }

    private static func ownExecutable() -> String {
        let link = "/proc/self/exe"
        guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: link),
            FileManager.default.isExecutableFile(atPath: path)
        else { return link }  // Replaced on disk since: the link still leads to what runs.
        return path
    }

    private static func size(of path: String) -> Int {
        var status = Glibc.stat()
        return unsafe stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    private static func tail(of path: String, from start: Int) -> String {
        let content = (try? SmallFile.read(path, limit: 16 << 20)) ?? []
        let text = String(decoding: content.dropFirst(start).suffix(2048), as: UTF8.self)
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
