// SPDX-License-Identifier: Apache-2.0
package import NIOCore

/// Tells from what TCP sends again whether a connection loses packets.
///
/// TCP keeps the order: behind a packet that is lost everything waits, small and urgent or not. Who
/// knows that a link loses packets can send what is small and urgent beside it.
package struct LossWatch {
    /// From one look to the next: one costs a system call.
    private static let interval = TimeAmount.milliseconds(10)
    /// A link that lost a packet is taken for one that loses packets for so long.
    private static let memory = TimeAmount.seconds(2)

    private var lookedAt: NIODeadline?
    private var repeatedCount: UInt32 = 0
    /// Whether the connection waits for the answer to a segment that it had to send again.
    package private(set) var isWaiting = false
    /// Until when packets are taken to be lost.
    package private(set) var lossyUntil: NIODeadline = .distantPast

    /// Has seen nothing yet.
    package init() {}

    /// Whether it is time for another look.
    package func isDue(_ now: NIODeadline) -> Bool {
        lookedAt.map { now - $0 >= Self.interval } ?? true
    }

    /// Takes note of how many segments the connection has sent again since it was made, and whether
    /// it waits for the answer to one now.
    package mutating func saw(repeatedCount: UInt32, isWaiting: Bool, at now: NIODeadline) {
        if isWaiting || repeatedCount > self.repeatedCount { lossyUntil = now + Self.memory }
        self.repeatedCount = repeatedCount
        self.isWaiting = isWaiting
        lookedAt = now
    }
}
