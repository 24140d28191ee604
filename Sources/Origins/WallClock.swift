// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The machine's calendar time: signatures carry it, nothing is decided by it.
enum WallClock {
    /// Seconds since 1970.
    static var unixSeconds: Int64 {
        Int64(time(nil))
    }
}
