// SPDX-License-Identifier: Apache-2.0
import Foundation
import FuseMount
import Glibc
import Testing

/// Goal: whoever starts a process in the background learns what became of it, and soon.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct FuseDaemonTests {
    /// Starts a shell script in place of the program.
    private func spawn(_ script: String, timeout: Duration = .seconds(20)) async throws -> Int32 {
        let scratch = try Scratch.make()
        defer { Scratch.remove(scratch) }
        return try await FuseDaemon.spawn(
            arguments: ["-c", script],
            log: scratch + "/log",
            timeout: timeout,
            executable: "/bin/sh"
        )
    }

    @Test func aReadyProcessServesOn() async throws {
        let pid = try await spawn("echo ready >&$TARN_FUSE_READY_FD; exec 3>&-; exec sleep 60")
        let process = try #require(ProcessIdentity(pid: pid))
        #expect(getsid(pid) == pid)
        kill(pid, SIGKILL)
        #expect(await eventually { !process.isRunning })
        #expect(waitpid(pid, nil, 0) == pid)
    }

    @Test func aReasonIsPassedOn() async {
        await #expect(
            throws: FuseMountError.daemonFailed(reason: "no such\ncluster", exitCode: 8)
        ) {
            try await spawn("printf 'failed 8\\nno such\\ncluster' >&3; exit 8")
        }
    }

    @Test func theEndOfTheLogIsTheReasonOfAProcessThatDied() async {
        await #expect(
            throws: FuseMountError.daemonDied(status: "exit status 3", log: "it broke")
        ) {
            try await spawn("echo it broke >&2; exit 3")
        }
        await #expect(throws: FuseMountError.daemonDied(status: "signal 9", log: "")) {
            try await spawn("kill -9 $$")
        }
    }

    @Test func aSilentProcessIsEnded() async {
        await #expect(throws: FuseMountError.daemonTimedOut(afterMS: 200)) {
            try await spawn("exec sleep 60", timeout: .milliseconds(200))
        }
    }

    @Test func aProgramThatIsMissingIsSaid() async {
        await #expect(
            throws: FuseMountError.daemonDied(status: "No such file or directory", log: "")
        ) {
            try await FuseDaemon.spawn(
                arguments: [],
                log: "/dev/null",
                timeout: .seconds(5),
                executable: "/nonexistent/tarn"
            )
        }
    }

    @Test func nothingElseIsInherited() async throws {
        let extra = unsafe open("/dev/null", O_RDONLY)
        #expect(dup2(extra, 77) == 77)
        defer { for descriptor in [extra, 77] { close(descriptor) } }
        await #expect(throws: FuseMountError.daemonFailed(reason: "closed", exitCode: 1)) {
            try await spawn(
                """
                [ -e /proc/$$/fd/77 ] && state=open || state=closed
                printf 'failed 1\\n%s' $state >&3
                """
            )
        }
    }
}

@Suite struct MountStateTests {
    @Test func theDirectoryMustBelongToThisUserAlone() throws {
        let scratch = try Scratch.make()
        defer { Scratch.remove(scratch) }
        #expect(throws: Never.self) { try MountStateStore(directory: scratch + "/ok") }
        #expect(unsafe chmod(scratch + "/ok", 0o777) == 0)
        #expect(
            throws: FuseMountError.badStateDirectory(path: scratch + "/ok", errno: EPERM)
        ) {
            try MountStateStore(directory: scratch + "/ok")
        }
        #expect(unsafe symlink("/tmp", scratch + "/link") == 0)
        #expect(
            throws: FuseMountError.badStateDirectory(path: scratch + "/link", errno: EPERM)
        ) {
            try MountStateStore(directory: scratch + "/link")
        }
    }

    @Test func garbageIsNoState() throws {
        let scratch = try Scratch.make()
        defer { Scratch.remove(scratch) }
        let store = try MountStateStore(directory: scratch)
        let log = store.logPath(of: "/mnt/x")
        let file = String(log.dropLast("log".count)) + "json"
        #expect(FileManager.default.createFile(atPath: file, contents: Data("{\"pid\":".utf8)))
        #expect(store.state(of: "/mnt/x") == nil)
    }

    @Test func aProcessIsMoreThanItsNumber() throws {
        let own = try #require(ProcessIdentity(pid: getpid()))
        #expect(own.isRunning)
        let data = try JSONEncoder().encode(own)
        let text = String(decoding: data, as: UTF8.self)
        let other = text.replacingOccurrences(of: "\(own.startTicks)", with: "1")
        let reused = try JSONDecoder().decode(ProcessIdentity.self, from: Data(other.utf8))
        #expect(!reused.isRunning)
        #expect(ProcessIdentity(pid: -1) == nil)
    }
}
