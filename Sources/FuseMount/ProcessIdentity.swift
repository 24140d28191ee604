// SPDX-License-Identifier: Apache-2.0
import Glibc

/// One process, not merely its number: numbers are used again, so the start time goes with it.
package struct ProcessIdentity: Hashable, Sendable, Codable {
    /// The number, used again after the process ended.
    package let pid: Int32
    /// Clock ticks after boot, field 22 of `/proc/PID/stat` (proc_pid_stat(5)).
    package let startTicks: UInt64

    /// The process with this number now; `nil` if there is none.
    package init?(pid: Int32) {
        guard pid > 0, let (ticks, state) = Self.look(pid), state != UInt8(ascii: "Z") else {
            return nil
        }
        self.pid = pid
        startTicks = ticks
    }

    /// Whether this very process still runs.
    package var isRunning: Bool { Self(pid: pid) == self }

    /// Blocks until it has ended, at most `timeout`.
    package func waitForEnd(timeout: Duration) {
        let deadline = ContinuousClock.now + timeout
        while isRunning, ContinuousClock.now < deadline { usleep(10_000) }
    }

    /// Ends it: asks, waits two seconds, kills.
    package func end() {
        for signal in [SIGTERM, SIGKILL] where isRunning {
            kill(pid, signal)
            waitForEnd(timeout: .seconds(2))
        }
    }

    private static func look(_ pid: Int32) -> (ticks: UInt64, state: UInt8)? {
        // The second field is the name, in parentheses, and may hold anything.
        guard let line = try? SmallFile.read("/proc/\(pid)/stat", limit: 4096),
            let nameEnd = line.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let fields = line[(nameEnd + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 19, let state = fields[0].first,
            let ticks = UInt64(String(decoding: fields[19], as: UTF8.self))
        else { return nil }
        return (ticks, state)
    }
}
