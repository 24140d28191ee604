// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// Starts programs anew; nothing here forks.
///
/// Safe because every pointer given to `posix_spawn` lives until it returns, and it keeps none.
enum ChildProcess {
    /// Which files a child gets; everything else is closed.
    struct Files {
        /// Descriptor that becomes 3.
        var third: CInt?
        /// File that output and errors are appended to; `nil` keeps ours.
        var log: String?
    }

    /// Starts `program` (looked up in `PATH` if it has no slash) in a session of its own, with
    /// default signals and nothing to read.
    ///
    /// - Returns: Its pid, or the errno that prevented it.
    static func spawn(
        _ program: String,
        arguments: [String],
        environment: [String: String],
        files: Files
    ) -> Result<pid_t, StartFailure> {
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        if let log = files.log {
            let flags = O_WRONLY | O_CREAT | O_APPEND
            unsafe posix_spawn_file_actions_addopen(&actions, 1, log, flags, 0o600)
            unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
        }
        if let third = files.third {
            unsafe posix_spawn_file_actions_adddup2(&actions, third, 3)
        }
        closeOnExecFrom(3)  // The action on 3 comes later, and undoes it for that one.
        resetSignals(&attributes)

        var pid = pid_t()
        let words = environment.map { "\($0.key)=\($0.value)" }
        let code = unsafe withWords(arguments) { arguments in
            unsafe withWords(words) { environment in
                unsafe posix_spawnp(&pid, program, &actions, &attributes, arguments, environment)
            }
        }
        return code == 0 ? .success(pid) : .failure(StartFailure(errno: code))
    }

    struct StartFailure: Error { let errno: CInt }

    /// Runs `program` to its end, output discarded; its exit status, 127 if it did not start.
    static func run(_ program: String, _ arguments: [String]) -> CInt {
        let path = unsafe getenv("PATH").map { unsafe String(cString: $0) }
        let started = spawn(
            program,
            arguments: [program] + arguments,
            environment: ["PATH": path ?? "/usr/sbin:/usr/bin:/sbin:/bin"],
            files: Files(log: "/dev/null")
        )
        guard case .success(let pid) = started else { return 127 }
        return wait(pid)
    }

    /// Blocks until the child has ended; its exit status, or 128 and the signal's number.
    static func wait(_ pid: pid_t) -> CInt {
        var status: CInt = 0
        while unsafe waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else { return 127 }
        }
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }

    /// Whatever was left open for us stays ours: a service that keeps a stranger's pipe open would
    /// make whoever reads that pipe wait for ever.
    private static func closeOnExecFrom(_ lowest: CInt) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for descriptor in names.compactMap({ CInt($0) }) where descriptor >= lowest {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }

    private static func resetSignals(_ attributes: inout posix_spawnattr_t) {
        var all = sigset_t()
        var none = sigset_t()
        unsafe sigfillset(&all)
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | 0x80  // POSIX_SPAWN_SETSID
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
    }

    /// A NULL-terminated array of C strings.
    private static func withWords<Result>(
        _ words: [String],
        _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = unsafe words.map { unsafe strdup($0) } + [nil]
        defer { unsafe pointers.forEach { unsafe free($0) } }
        return unsafe pointers.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else {
                preconditionFailure("an array of at least one element has no address")
            }
            return unsafe body(start)
        }
    }
}
