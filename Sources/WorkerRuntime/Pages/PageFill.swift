// SPDX-License-Identifier: Apache-2.0
import Codecs
import NIOCore
import Synchronization

/// One page on its way from the origin, and everybody who waits for it.
final class PageFill: Sendable {
    /// The whole page and its CRC-32C, or why there is none.
    typealias Outcome = Result<FilledPage, PageFailure>

    private struct State {
        var outcome: Outcome?
        var waiting: [CheckedContinuation<Outcome, Never>] = []
    }

    private let state = Mutex(State())

    /// Waits for the page; ends when its fill does, which its deadline bounds.
    func outcome() async -> Outcome {
        await withCheckedContinuation { continuation in
            let known = state.withLock { state in
                if state.outcome == nil { state.waiting.append(continuation) }
                return state.outcome
            }
            if let known { continuation.resume(returning: known) }
        }
    }

    func finish(_ outcome: Outcome) {
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
struct FilledPage: Sendable {
    let bytes: ByteBuffer
    let checksum: UInt32
}
