// SPDX-License-Identifier: Apache-2.0

/// Callers of a voter and until when each waits.
struct WaitingCallers {
    /// How often deadlines are looked at, in milliseconds; each caller ends at most this much late.
    private static let lookMS: UInt64 = 20

    private var waiting: [(deadlineMS: UInt64, caller: any Expiring)] = []
    private var nextLookMS: UInt64 = 0

    mutating func add(_ caller: any Expiring, until deadlineMS: UInt64) {
        waiting.append((deadlineMS, caller))
    }

    /// Ends the wait of callers whose time is over; answers that come later are nobody's.
    mutating func expire(_ now: UInt64) {
        guard now >= nextLookMS else { return }
        nextLookMS = now + Self.lookMS
        waiting.removeAll { waiter in
            if now >= waiter.deadlineMS { waiter.caller.expire() }
            return waiter.caller.isSettled
        }
    }

    /// Nobody will be answered any more.
    mutating func expireAll() {
        for waiter in waiting { waiter.caller.expire() }
        waiting = []
    }
}
