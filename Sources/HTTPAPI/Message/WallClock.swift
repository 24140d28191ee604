// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation

/// The machine's calendar time: shown to people, nothing is decided by it.
enum WallClock {
    /// Milliseconds since 1970.
    static var unixMS: UInt64 { UInt64(max(0, Date().timeIntervalSince1970 * 1000)) }
}

extension HTTPDate {
    /// What the `Date` header of an answer says.
    static var now: Self { Self(unixSeconds: Int64(Date().timeIntervalSince1970.rounded(.down))) }
}
