// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The machine's clocks, in nanoseconds.
package enum SystemClock {
    /// Time since some start, never going back; stands still while the machine is suspended.
    package static var monotonic: UInt64 { read(CLOCK_MONOTONIC) }

    /// As ``monotonic``, but suspended time counts.
    package static var boottime: UInt64 { read(CLOCK_BOOTTIME) }

    /// Time since 1970-01-01 UTC; jumps whenever somebody sets it, so only for people to read.
    package static var wall: UInt64 { read(CLOCK_REALTIME) }

    /// Processor time that this process has used so far.
    package static var processorTime: UInt64 { read(CLOCK_PROCESS_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        // Safe because the result outlives the call.
        let result = unsafe clock_gettime(clock, &time)
        // clock_gettime(2): fails only for an unknown clock or a bad pointer; these are neither.
        precondition(result == 0, "clock \(clock) cannot be read")
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
