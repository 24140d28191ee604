// SPDX-License-Identifier: Apache-2.0

/// Pauses between attempts: doubling from 50 ms to 1 s, each shortened at random by up to half.
///
/// At random, so that the clients that a worker's death lost at one moment do not come back at one.
struct Retry: Sendable {
    private static let firstMS: Int64 = 50
    private static let longestMS: Int64 = 1000

    private var nextMS = firstMS

    /// The next pause.
    mutating func pause(using generator: inout some RandomNumberGenerator) -> Duration {
        let chosen = Int64.random(in: (nextMS / 2)...nextMS, using: &generator)
        nextMS = min(nextMS * 2, Self.longestMS)
        return .milliseconds(chosen)
    }

    /// Something went well.
    mutating func reset() { nextMS = Self.firstMS }
}
