// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The clocks that a run is measured with; nanoseconds.
enum Clock {
    /// `CLOCK_MONOTONIC`, which every process of this machine shares.
    static var now: Int64 { read(CLOCK_MONOTONIC) }

    /// What this process has used of all cores.
    static var used: Int64 { read(CLOCK_PROCESS_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        // Safe because: `time` outlives the call, which writes one timespec and keeps nothing.
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
