// SPDX-License-Identifier: Apache-2.0

/// Waits between attempts: doubling from 100 ms to 2 s, each shortened at random by up to half.
///
/// Random, so that the callers a restarting worker lost at the same moment do not come back at once.
package struct Backoff: Sendable {
    private var nextMS: UInt64 = 100
    private static let longestMS: UInt64 = 2000

    package init() {}

    /// The next wait; at least what the worker asked for, in seconds, up to one minute.
    package mutating func wait(
        retryAfterSeconds: UInt64?,
        using generator: inout some RandomNumberGenerator
    ) -> Duration {
        let chosenMS = UInt64.random(in: (nextMS / 2)...nextMS, using: &generator)
        nextMS = min(nextMS * 2, Self.longestMS)
        let askedMS = min(retryAfterSeconds ?? 0, 60) * 1000
        return .milliseconds(Int64(max(chosenMS, askedMS)))
    }
}
