// SPDX-License-Identifier: Apache-2.0
package import NIOCore

/// Tells from what TCP sends again whether a connection is held up by packets that were lost.
///
/// TCP keeps the order: behind a packet that is lost everything waits, small and urgent or not. Who
/// knows that a connection waits so can send what is small and urgent beside it.
package struct LossWatch {
    /// From one look to the next: one costs a system call.
    private static let interval = TimeAmount.milliseconds(10)
    /// What was seen counts for so long: from one heartbeat to the next but one, where they are 200 ms
    /// apart.
    ///
    /// On a link that is well again it ends with the next message, which looks again: a busy machine
    /// answers late now and then, TCP sends again what was not lost, and twice the messages would make it
    /// busier.
    private static let memory = TimeAmount.milliseconds(450)

    private var lookedAt: NIODeadline?
    /// Whether the connection waits for the answer to a segment that it had to send again.
    package private(set) var isWaiting = false
    /// Until when it is taken to wait.
    package private(set) var lossyUntil: NIODeadline = .distantPast

    /// Has seen nothing yet.
    package init() {}

    /// Whether it is time for another look.
    package func isDue(_ now: NIODeadline) -> Bool {
        lookedAt.map { now - $0 >= Self.interval } ?? true
    }

    /// Takes note of how often the oldest segment that is not answered was sent again.
    package mutating func saw(repetitions: UInt8, at now: NIODeadline) {
        isWaiting = repetitions > 0
        lossyUntil = isWaiting ? now + Self.memory : .distantPast
        lookedAt = now
    }
}
