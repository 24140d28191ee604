// SPDX-License-Identifier: Apache-2.0
import Foundation
package import Glibc
import Synchronization

/// A program started by a test, in a process group of its own, and ended with it.
///
/// Output and errors go to one file. The group is killed and the child reaped at the latest when the
/// last reference goes; ``Tie/toThisProcess`` also ends it when the test process itself is killed.
package final class ChildProcess: Sendable {
    /// Whether the child may outlive a test process that had no chance to clean up.
    package enum Tie: Sendable {
        case none
        /// A shell beside it waits on a socket that closes with this process, then kills the program.
        case toThisProcess
    }

    /// The program itself, whatever it is tied to.
    package let pid: pid_t
    /// Everything it prints; errors alone where the output goes elsewhere.
    package let logPath: String
    /// Held open as long as we live; see ``Tie``.
    private let lifeline: Int32?
    private let exit = Mutex<Int32?>(nil)

    /// Starts `executable`, an absolute path.
    ///
    /// `environment` is added to this process's own; the files at `logPath` and `outputPath` are made,
    /// or appended to. Without `outputPath` the output goes to `logPath` too.
    /// - Throws: ``TestKitError/system(_:errno:)``.
    package init(
        _ executable: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        logPath: String,
        outputPath: String? = nil,
        tie: Tie = .none
    ) throws(TestKitError) {
        let ends = tie == .none ? nil : try Self.lifeline()
        defer { if let ends { close(ends.child) } }

        let tied = ["/bin/sh", "-c", Self.tiedScript, "sh", executable] + arguments
        let command = tie == .none ? [executable] + arguments : tied
        do {
            pid = try Self.spawn(
                command,
                ProcessInfo.processInfo.environment.merging(environment) { $1 },
                outputs: (outputPath ?? logPath, logPath),
                input: ends?.child
            )
        } catch {
            if let ends { close(ends.parent) }
            throw error
        }
        lifeline = ends?.parent
        self.logPath = logPath
    }

    deinit {
        end()
        if let lifeline { close(lifeline) }
    }

    /// What it has printed so far.
    package var output: String {
        String(decoding: FileManager.default.contents(atPath: logPath) ?? Data(), as: UTF8.self)
    }

    /// As `waitpid` tells it: exit code, or 128 + signal; `nil` while it runs.
    package var exitCode: Int32? {
        exit.withLock { exit in
            if let exit { return exit }
            var status: Int32 = 0
            // Safe because: waitpid writes one integer.
            guard unsafe waitpid(pid, &status, WNOHANG) == pid else { return nil }
            // The shell beside it. The group still holds its number, so this meets nobody else.
            if lifeline != nil { kill(-pid, SIGKILL) }
            let signal = status & 0x7F
            exit = signal == 0 ? (status >> 8) & 0xFF : 128 + signal
            return exit
        }
    }

    /// Sends a signal to the program alone.
    package func send(_ signal: Int32) {
        if exitCode == nil { kill(pid, signal) }
    }

    /// Kills the whole group and reaps the child.
    package func end() {
        exit.withLock { exit in
            guard exit == nil else { return }
            kill(-pid, SIGKILL)
            var status: Int32 = 0
            // Safe because: as above. Bounded: SIGKILL cannot be refused.
            while unsafe waitpid(pid, &status, 0) == -1, errno == EINTR {}
            exit = 128 + SIGKILL
        }
    }

    /// Waits for it to end by itself.
    package func waitForExit(within limit: Duration = .seconds(60)) async throws -> Int32 {
        try await waitUntil("exit of process \(pid)", within: limit) { exitCode != nil }
        return exitCode ?? -1
    }

    // MARK: - Start

    /// The shell becomes the program; its number stays the group's as long as the reader lives.
    private static let tiedScript = """
        exec 3<&0 </dev/null
        ( read line <&3; kill -9 $$ ) >/dev/null 2>&1 &
        exec "$@" 3<&-
        """

    private static func lifeline() throws(TestKitError) -> (parent: Int32, child: Int32) {
        var ends: [Int32] = [0, 0]
        // Safe because: socketpair writes two integers.
        let kind = Int32(SOCK_STREAM.rawValue) | ServerPort.cloexec
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw .system("socketpair", errno: errno)
        }
        return (ends[0], ends[1])
    }

    private static func spawn(
        _ command: [String],
        _ environment: [String: String],
        outputs: (output: String, errors: String),
        input: Int32?
    ) throws(TestKitError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        // Safe because: both are initialised before and destroyed after all other uses, the string
        // arrays end with a null pointer and live until they are freed below.
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        if let input {
            unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        let append = O_WRONLY | O_CREAT | O_APPEND
        unsafe posix_spawn_file_actions_addopen(&actions, 1, outputs.output, append, 0o644)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, outputs.errors, append, 0o644)
        // The threads of Swift's pools block every signal, and a child inherits that: a Go program
        // then spins for ever in its first garbage collection, waiting for its own SIGURG.
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

        let variables = environment.map { "\($0)=\($1)" }
        var arguments = unsafe command.map { unsafe strdup($0) } + [nil]
        var strings = unsafe variables.map { unsafe strdup($0) } + [nil]
        defer { unsafe (arguments + strings).forEach { unsafe free($0) } }

        var pid: pid_t = 0
        let failure = unsafe posix_spawn(
            &pid,
            command[0],
            &actions,
            &attributes,
            &arguments,
            &strings
        )
        guard failure == 0 else { throw .system("posix_spawn \(command[0])", errno: failure) }
        return pid
    }
}
