// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The signals that wait for one thread while the kernel waits for us, and what it does about them.
///
/// The kernel asks to interrupt a request at *any* signal, those with a handler too, which would be
/// run just as well after the answer. A program does not expect `EINTR` from `stat`, so only a signal
/// that ends it is a reason. Bit n − 1 of a set stands for signal n.
///
/// - Source: proc_pid_status(5); signal(7).
package struct PendingSignals: Hashable, Sendable {
    private let pending: UInt64
    private let blocked: UInt64
    private let ignored: UInt64
    private let caught: UInt64

    /// Those of a thread now; `nil` where nothing can be found out (another PID namespace).
    package init?(thread: Int32) {
        guard thread > 0, let text = try? SmallFile.read("/proc/\(thread)/status", limit: 16 << 10)
        else { return nil }
        self.init(status: String(decoding: text, as: UTF8.self))
    }

    /// Reads the text of `/proc/TID/status`; `nil` without the five sets.
    package init?(status: String) {
        var sets: [Substring: UInt64] = [:]
        for line in status.split(separator: "\n") where line.hasPrefix("S") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            sets[parts[0]] = UInt64(parts[1].drop { $0 == "\t" || $0 == " " }, radix: 16)
        }
        guard let own = sets["SigPnd"], let shared = sets["ShdPnd"], let blocked = sets["SigBlk"],
            let ignored = sets["SigIgn"], let caught = sets["SigCgt"]
        else { return nil }
        pending = own | shared
        (self.blocked, self.ignored, self.caught) = (blocked, ignored, caught)
    }

    /// Whether one of them ends the process.
    ///
    /// A fatal one without a core shows as `SIGKILL`, which the kernel sends to every thread.
    package var endProcess: Bool {
        let harmless = [SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH]
            .reduce(UInt64(0)) { $0 | Self.bit($1) }
        let fatal = pending & ~blocked & ~ignored & ~caught & ~harmless
        return (fatal | pending & Self.bit(SIGKILL)) != 0
    }

    private static func bit(_ signal: CInt) -> UInt64 { 1 << UInt64(signal - 1) }
}
