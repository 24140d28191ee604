// SPDX-License-Identifier: Apache-2.0
import NIOCore
import PageTransport
import Testing

/// When a quiet connection is asked, and when it is given up.
@Suite struct ConnectionPulseTests {
    enum Event: Sendable {
        case word
        case look(ConnectionPulse.Verdict)
    }

    // swift-format-ignore
    /// Milliseconds, and what happens or is found then; the limit is 1,000.
    static let histories: [(name: String, events: [(Int64, Event)])] = [
        ("words come",         [(400, .look(.fine)), (450, .word), (900, .look(.fine)), (949, .look(.fine))]),
        ("asked once",         [(499, .look(.fine)), (500, .look(.ask)), (600, .look(.fine)), (999, .look(.fine))]),
        ("gone",               [(500, .look(.ask)), (1_000, .look(.gone))]),
        ("it answers",         [(500, .look(.ask)), (510, .word), (1_000, .look(.fine)), (1_010, .look(.ask)), (1_509, .look(.fine))]),
        ("nobody looked",      [(5_000, .look(.ask)), (5_499, .look(.fine)), (5_500, .look(.gone))]),
        ("a word at the last", [(500, .look(.ask)), (999, .word), (1_000, .look(.fine))]),
    ]

    @Test(arguments: histories.indices) func aHistoryIsJudged(_ row: Int) {
        let (name, events) = Self.histories[row]
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var pulse = ConnectionPulse(limit: .seconds(1), now: start)
        for (moment, event) in events {
            let now = start + .milliseconds(moment)
            switch event {
            case .word: pulse.restart(now: now)
            case .look(let expected):
                #expect(pulse.verdict(now: now) == expected, "\(name) at \(moment) ms")
            }
        }
    }
}
