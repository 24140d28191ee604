// SPDX-License-Identifier: Apache-2.0
import Primitives

/// Who is let alone for a while, and for how long (invariant 2).
extension FeedFollower {
    private static let shortestRestMS: UInt64 = 1000
    private static let longestRestMS: UInt64 = 16_000
    private static let mostResting = 64

    func mayTry(_ node: NodeID, _ now: UInt64) -> Bool {
        node != me && (resting[node].map { $0.untilMS <= now } ?? true)
    }

    mutating func rest(_ node: NodeID, _ now: UInt64) {
        let failures = resting[node]?.failures ?? 0
        let pause = min(Self.shortestRestMS << min(failures, 8), Self.longestRestMS)
        resting[node] = Rest(
            untilMS: now + pause.jittered(using: &generator),
            failures: failures + 1
        )
        guard resting.count > Self.mostResting else { return }
        resting = resting.filter { $0.value.untilMS > now }
    }
}

extension UInt64 {
    /// Give or take a quarter, so that many who begin together come apart.
    func jittered(using generator: inout SplitMix64) -> UInt64 {
        self - self / 4 + UInt64.random(in: 0...self / 2, using: &generator)
    }
}
