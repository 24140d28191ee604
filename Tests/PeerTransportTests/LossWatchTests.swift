// SPDX-License-Identifier: Apache-2.0
import NIOCore
import PeerTransport
import Synchronization
import Testing

/// Goal: a link is known to be held up as long as it is, and until two heartbeats behind the last look.
@Suite struct LossWatchTests {
    /// How often TCP has sent its oldest segment again, and until when the link is taken to wait.
    struct Look: Sendable {
        let atMS: Int64
        let repetitions: UInt8
        let lossyUntilMS: Int64?
    }

    // swift-format-ignore
    static let looks = [
        Look(atMS: 0,     repetitions: 0, lossyUntilMS: nil),
        Look(atMS: 1_000, repetitions: 1, lossyUntilMS: 1_450),
        Look(atMS: 1_200, repetitions: 2, lossyUntilMS: 1_650), // As far apart as heartbeats are at most.
        Look(atMS: 1_400, repetitions: 7, lossyUntilMS: 1_850),
        Look(atMS: 1_410, repetitions: 0, lossyUntilMS: nil),   // Answered.
        Look(atMS: 1_420, repetitions: 1, lossyUntilMS: 1_870),
    ]

    @Test func whatIsSentAgainCountsUntilItIsAnswered() {
        var watch = LossWatch()
        let start = NIODeadline.uptimeNanoseconds(1)
        for look in Self.looks {
            let now = start + .milliseconds(look.atMS)
            #expect(watch.isDue(now))
            watch.saw(repetitions: look.repetitions, at: now)
            #expect(!watch.isDue(now + .milliseconds(9)) && watch.isDue(now + .milliseconds(10)))
            #expect(watch.isWaiting == (look.repetitions > 0))
            let until = look.lossyUntilMS.map { start + .milliseconds($0) }
            #expect(watch.lossyUntil == until ?? .distantPast, "at \(look.atMS) ms")
        }
    }

    /// A real connection that is well, and one that is gone.
    @Test func aSoundLinkLosesNothing() async throws {
        try await Pair.with { pair in
            #expect(!pair.client.losesPackets(to: pair.address), "nothing was ever sent")
            for number in UInt8(0)..<100 {
                pair.client.send([number], to: pair.address)
                if number % 10 == 0 { await pair.untilReceived(Int(number) + 1) }
            }
            await pair.untilReceived(100)
            #expect(!pair.client.losesPackets(to: pair.address))
            pair.client.sendSpare([100], to: pair.address)
            await pair.untilReceived(101)

            await pair.server.shutDown()
            for _ in 0..<1_000 where !pair.client.losesPackets(to: pair.address) {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(pair.client.losesPackets(to: pair.address), "there is no connection")
        }
    }
}

extension Pair {
    fileprivate func untilReceived(_ count: Int) async {
        for _ in 0..<1_000 where echo.state.withLock({ $0.messages.count }) < count {
            try? await Task.sleep(for: .milliseconds(5))
        }
        #expect(echo.state.withLock { $0.messages.count } == count)
    }
}
