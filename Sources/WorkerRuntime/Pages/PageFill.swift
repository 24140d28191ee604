// SPDX-License-Identifier: Apache-2.0
package import Codecs
package import NIOCore
import Synchronization

/// One page on its way from the origin, and everybody who waits for it.
package final class PageFill: Sendable {
    /// The whole page and its CRC-32C, or why there is none.
    package typealias Outcome = Result<FilledPage, PageFailure>

    private struct State {
        var outcome: Outcome?
        var waiting: [CheckedContinuation<Outcome, Never>] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Waits for the page; ends when its fill does, which its deadline bounds.
    package func outcome() async -> Outcome {
        await withCheckedContinuation { continuation in
            let known = state.withLock { state in
                if state.outcome == nil { state.waiting.append(continuation) }
                return state.outcome
            }
            if let known { continuation.resume(returning: known) }
        }
    }

    /// Wakes everybody who waits; called once.
    package func finish(_ outcome: Outcome) {
        let waiting = state.withLock { state in
            precondition(state.outcome == nil, "a page was filled twice")
            state.outcome = outcome
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: outcome) }
    }
}

/// A page as it came from the origin.
package struct FilledPage: Sendable {
    package let bytes: ByteBuffer
    /// CRC-32C of all of them.
    package let checksum: UInt32

    package init(bytes: ByteBuffer, checksum: UInt32) {
        self.bytes = bytes
        self.checksum = checksum
    }
}
