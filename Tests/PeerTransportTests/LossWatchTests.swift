// SPDX-License-Identifier: Apache-2.0
import NIOCore
import PeerTransport
import Synchronization
import Testing

/// Goal: a link is known to lose packets for two seconds behind the last one that it lost.
@Suite struct LossWatchTests {
    /// What TCP says at a moment, and what follows.
    struct Look: Sendable {
        let atMS: Int64
        let repeated: UInt32
        let isWaiting: Bool
        /// Whether the link is lossy then, and until when at the latest.
        let lossyUntilMS: Int64?
    }

    // swift-format-ignore
    static let stories: [[Look]] = [
        [Look(atMS: 0,     repeated: 0, isWaiting: false, lossyUntilMS: nil),
         Look(atMS: 5_000, repeated: 0, isWaiting: false, lossyUntilMS: nil)],
        [Look(atMS: 0,     repeated: 1, isWaiting: false, lossyUntilMS: 2_000),   // The very first packet.
         Look(atMS: 1_000, repeated: 1, isWaiting: false, lossyUntilMS: 2_000),
         Look(atMS: 1_500, repeated: 2, isWaiting: true,  lossyUntilMS: 3_500),
         Look(atMS: 3_000, repeated: 2, isWaiting: true,  lossyUntilMS: 5_000),
         Look(atMS: 4_000, repeated: 2, isWaiting: false, lossyUntilMS: 5_000)],
    ]

    @Test(arguments: stories)
    func whatWasSentAgainIsRemembered(looks: [Look]) {
        var watch = LossWatch()
        for look in looks {
            let now = NIODeadline.uptimeNanoseconds(1) + .milliseconds(look.atMS)
            #expect(watch.isDue(now))
            watch.saw(repeatedCount: look.repeated, isWaiting: look.isWaiting, at: now)
            #expect(!watch.isDue(now + .milliseconds(9)) && watch.isDue(now + .milliseconds(10)))
            #expect(watch.isWaiting == look.isWaiting)
            let until = look.lossyUntilMS.map {
                NIODeadline.uptimeNanoseconds(1) + .milliseconds($0)
            }
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
            #expect(pair.client.counters.messagesSpared == 0)

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
