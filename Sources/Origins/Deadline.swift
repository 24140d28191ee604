// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// When a call must have ended, and since when it runs.
struct Deadline: Sendable {
    let start: ContinuousClock.Instant
    let end: ContinuousClock.Instant

    init(_ limit: Duration) {
        start = .now
        end = start + limit
    }

    var remaining: Duration { max(.zero, end - .now) }

    /// The error of a call that reached it.
    var passed: OriginError { .timedOut(afterMS: (ContinuousClock.now - start).wholeMilliseconds) }

    /// The same instant on the event loops' clock.
    var onEventLoops: NIODeadline { .now() + TimeAmount(remaining) }
}

extension Duration {
    /// Rounded down; 0 for anything negative.
    var wholeMilliseconds: UInt64 {
        let (seconds, attoseconds) = components
        return UInt64(clamping: max(0, seconds)) * 1000
            + UInt64(clamping: max(0, attoseconds)) / 1_000_000_000_000_000
    }
}

/// Runs `body`, cancels it when patience is over and waits for it to notice.
///
/// `body` must answer cancellation: everything here that waits does.
func race<Value: Sendable>(
    _ patience: Patience,
    _ body: @escaping @Sendable () async -> Result<Value, OriginError>
) async throws(OriginError) -> Value {
    let first = await withTaskGroup(of: Result<Value, OriginError>?.self) { group in
        group.addTask { await body() }
        group.addTask {
            // What moves the end moves it at most once a window: as many rounds.
            while !patience.isOver, !Task.isCancelled {
                try? await Task.sleep(until: patience.end, clock: .continuous)
            }
            return nil
        }
        let first = await group.next() ?? nil
        group.cancelAll()
        return first
    }
    guard let first else {
        throw Task.isCancelled ? .unreachable("cancelled") : patience.deadline.passed
    }
    return try first.get()
}
