// SPDX-License-Identifier: Apache-2.0
package import Codecs
package import ElasticCore
package import NIOCore
package import Primitives
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
    /// By what right other workers are asked for it.
    private let standing: FillStanding
    private let isFetching = Atomic(false)

    /// Asked for at other workers first.
    package init(standing: FillStanding = FillStanding()) { self.standing = standing }

    /// No other worker is asked for it any more.
    package func beginFetching() { isFetching.store(true, ordering: .releasing) }

    /// Whether a worker that takes the page over by `epoch` may wait for it.
    package func mayBeAwaited(under epoch: RingEpoch) -> Bool {
        standing.mayBeAwaited(under: epoch, isFetching: isFetching.load(ordering: .acquiring))
    }

    func isOlder(than epoch: RingEpoch) -> Bool { standing.epoch < epoch }

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

extension PageFill.Outcome {
    /// Whether the page can be had otherwise: nobody tried to fetch it.
    var isAbandoned: Bool {
        if case .failure(.abandoned) = self { true } else { false }
    }
}

/// A page as it came from its origin, or from another worker.
package struct FilledPage: Sendable {
    package let bytes: ByteBuffer
    /// CRC-32C of all of them.
    package let checksum: UInt32
    package let source: PageSource
    /// Whether it was not here because the ring has moved.
    package let isMoved: Bool

    package init(
        bytes: ByteBuffer,
        checksum: UInt32,
        source: PageSource = .origin,
        isMoved: Bool = false
    ) {
        self.bytes = bytes
        self.checksum = checksum
        self.source = source
        self.isMoved = isMoved
    }
}
