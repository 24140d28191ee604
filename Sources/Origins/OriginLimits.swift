// SPDX-License-Identifier: Apache-2.0

/// How long and how often an origin is asked, and by how many at once.
package struct OriginLimits: Sendable, Hashable {
    /// Until an answer begins, retries and waiting for a turn included.
    package var deadline: Duration
    /// An answer's body goes on past the deadline while ``bodyProgress`` bytes come in each of these.
    package var bodyWindow: Duration = .seconds(10)
    /// Bytes: 64 KiB in 10 s are what a link of 52 kbit/s carries.
    package var bodyProgress = 65_536
    /// Since the call began: then the slowest body ends too.
    package var longestCall: Duration = .seconds(300)
    /// Tries of one call, the first included: 1...100.
    package var tries: Int
    /// The pause before the second try lies between half of this and all of it; it doubles each time.
    package var firstPause: Duration
    /// No pause is longer, unless the store's `Retry-After` asks for it.
    package var longestPause: Duration
    /// Requests to one origin at the same time.
    package var requestsInFlight: Int
    /// Calls into one directory at the same time; each may keep a thread for as long as it hangs.
    package var fileCallsInFlight = 8
    /// A call waits for a store that is being left alone only in this time since it began: short
    /// outages are waited out, in long ones its caller is told at once.
    package var longestWait: Duration = .seconds(5)
    /// Calls that may wait for a turn; more are refused as ``OriginError/throttled(status:)``, 0.
    package var requestsWaiting: Int

    package init(
        deadline: Duration = .seconds(30),
        tries: Int = 8,
        firstPause: Duration = .milliseconds(50),
        longestPause: Duration = .seconds(2),
        requestsInFlight: Int = 64,
        requestsWaiting: Int = 4096
    ) {
        self.deadline = deadline
        self.tries = min(max(tries, 1), 100)
        self.firstPause = firstPause
        self.longestPause = longestPause
        self.requestsInFlight = max(requestsInFlight, 1)
        self.requestsWaiting = max(requestsWaiting, 0)
    }

    /// The pause behind the given try (1 = the first), without its jitter.
    package func pause(afterTry number: Int) -> Duration {
        var pause = firstPause
        for _ in 1..<max(number, 1) where pause < longestPause { pause *= 2 }
        return min(pause, longestPause)
    }
}
