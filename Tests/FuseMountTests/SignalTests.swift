// SPDX-License-Identifier: Apache-2.0
import Foundation
import FuseMount
import Glibc
import Primitives
import Synchronization
import Testing

@Suite(.serialized, .enabled(if: TestMount.isSupported), .timeLimit(.minutes(3)))
struct SignalTests {
    /// Goal: a program with handlers gets no `EINTR` from calls that wait for the cluster, however many
    /// signals come; and is ended all the same by one without a handler that follows.
    ///
    /// Method: python's `stat` and `listdir` raise `InterruptedError` instead of trying again. What
    /// proves that the kernel has asked us to interrupt: the signal is pending at the thread that waits.
    @Test(arguments: ["os.stat(path)", "os.listdir(os.path.dirname(path))"])
    func aSignalWithAHandlerIsNoReasonToFail(call: String) async throws {
        let client = MemoryFileSystem(["/data/slow/x": 100])
        try await TestMount.with(client) { mount in
            let program = """
                import os, signal, sys
                path = sys.argv[1]
                signal.pthread_sigmask(signal.SIG_SETMASK, [])
                for number in (signal.SIGALRM, signal.SIGCHLD, signal.SIGUSR1):
                    signal.signal(number, lambda *_: None)
                print(os.getpid(), flush=True)
                \(call)
                print('answered')
                """
            client.closeGate()
            let child = try Command.start(
                "/usr/bin/env",
                ["python3", "-c", program, mount.path("data/slow/x")]
            )
            let pid = try #require(pid_t(await child.firstLine()))
            for signal in [SIGALRM, SIGCHLD, SIGUSR1] { kill(pid, signal) }
            #expect(await Self.isPending(SIGUSR1, of: pid))
            // Interrupts come before other requests: answered, it has been read.
            _ = try await mount.shell("stat -f \"$1\"", mount.directory)
            client.openGate()
            #expect(await child.finish().output == "answered\n")
        }
    }

    @Test func aFatalSignalAfterAHarmlessOneEndsTheCall() async throws {
        let client = MemoryFileSystem(["/data/slow/x": 100])
        try await TestMount.with(client) { mount in
            client.closeGate()
            let rescue = Task {
                try await Task.sleep(for: .seconds(30))  // limit: of the rescue
                client.openGate()
            }
            defer { rescue.cancel() }
            let program = """
                import os, signal, sys
                signal.pthread_sigmask(signal.SIG_SETMASK, [])
                signal.signal(signal.SIGALRM, lambda *_: None)
                signal.signal(signal.SIGINT, signal.SIG_DFL)
                print(os.getpid(), flush=True)
                os.stat(sys.argv[1])
                print('answered')
                """
            let child = try Command.start(
                "/usr/bin/env",
                ["python3", "-c", program, mount.path("data/slow/x")]
            )
            let pid = try #require(pid_t(await child.firstLine()))
            kill(pid, SIGALRM)
            #expect(await Self.isPending(SIGALRM, of: pid))
            kill(pid, SIGINT)
            let result = await child.finish()
            #expect(result.output.isEmpty && result.status == SIGINT, "\(result.status)")
            #expect(!rescue.isCancelled)
        }
    }

    /// Sends it again until it stays: before the call begins its handler runs at once.
    private static func isPending(_ signal: CInt, of pid: pid_t) async -> Bool {
        await eventually {
            kill(pid, signal)
            let text = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            let sets = (text ?? "").split(separator: "\n").filter {
                $0.hasPrefix("SigPnd") || $0.hasPrefix("ShdPnd")
            }
            return sets.contains { line in
                let set = UInt64(line.split(separator: "\t").last ?? "", radix: 16) ?? 0
                return set & 1 << UInt64(signal - 1) != 0
            }
        }
    }
}

struct PendingSignalsTests {
    // swift-format-ignore
    static let rows: [(own: UInt64, shared: UInt64, blocked: UInt64, ignored: UInt64, caught: UInt64, ends: Bool)] = [
        (0,                 0,                 0,                 0,                 0,                 false),
        (bit(SIGKILL),      0,                 0,                 0,                 0,                 true),
        (bit(SIGKILL),      bit(SIGINT),       .max,              .max,              .max,              true),
        (0,                 bit(SIGINT),       0,                 0,                 0,                 true),
        (0,                 bit(SIGINT),       0,                 0,                 bit(SIGINT),       false),
        (0,                 bit(SIGINT),       bit(SIGINT),       0,                 0,                 false),
        (0,                 bit(SIGINT),       0,                 bit(SIGINT),       0,                 false),
        (bit(SIGUSR1),      bit(SIGALRM),      0,                 0,                 bit(SIGALRM),      true),
        (0,                 bit(SIGCHLD),      0,                 0,                 0,                 false),
        (0,                 bit(SIGTSTP),      0,                 0,                 0,                 false),
        (0,                 bit(SIGQUIT),      0,                 0,                 0,                 true),
        (0,                 1 << 63,           0,                 0,                 0,                 true),
    ]

    @Test(arguments: rows.indices) func aRow(_ index: Int) throws {
        let row = Self.rows[index]
        func hex(_ set: UInt64) -> String { String(set, radix: 16) }
        let text = """
            Name:\tSigPnd: 1
            State:\tS (sleeping)
            SigQ:\t1/96365
            SigPnd:\t\(hex(row.own))
            ShdPnd:\t\(hex(row.shared))
            SigBlk:\t\(hex(row.blocked))
            SigIgn:\t\(hex(row.ignored))
            SigCgt:\t\(hex(row.caught))
            """
        #expect(try #require(PendingSignals(status: text)).endProcess == row.ends)
    }

    @Test func aStatusOfOneselfCanBeReadAndNobodysCannot() {
        #expect(PendingSignals(thread: getpid())?.endProcess == false)
        #expect(PendingSignals(thread: 0) == nil)
        #expect(PendingSignals(status: "SigPnd:\t0\nnonsense\n") == nil)
    }

    private static func bit(_ signal: CInt) -> UInt64 { 1 << UInt64(signal - 1) }
}
