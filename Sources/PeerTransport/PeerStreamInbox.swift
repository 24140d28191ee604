// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Where a stream's items wait for their reader: filled by the event loop, emptied by a task.
///
///     open ──ended──▶ ended (what waits is still read) ──▶ nil or the error, for ever
///
/// 1. At most one reader waits, and only while nothing is there to read.
/// 2. Bytes waiting never exceed the window by more than one item (checked by the connection: a
///    sender that ignores its credit is cut off).
final class PeerStreamInbox: Sendable {
    typealias Item = Result<[UInt8]?, PeerError>

    fileprivate struct State {
        var items: [[UInt8]] = []
        var nextItem = 0
        var waitingByteCount = 0
        /// Read but not yet given back to the sender.
        var unreturnedByteCount = 0
        var end: Result<Void, PeerError>?
        var reader: CheckedContinuation<Item, Never>?
    }

    private let state = Mutex(State())
    private let window: Int
    private let onCredit: @Sendable (Int) -> Void
    private let onAbandon: @Sendable () -> Void

    init(
        window: Int,
        onCredit: @escaping @Sendable (Int) -> Void,
        onAbandon: @escaping @Sendable () -> Void
    ) {
        self.window = window
        self.onCredit = onCredit
        self.onAbandon = onAbandon
    }

    /// What an item costs of the window: its bytes and what keeping it takes.
    static func cost(_ item: [UInt8]) -> Int { item.count + 64 }

    /// Takes an item from the connection; `false` if the sender has overrun its window.
    func receive(_ item: [UInt8]) -> Bool {
        let (reader, isWithinWindow, credit) = state.withLock {
            state -> (CheckedContinuation<Item, Never>?, Bool, Int) in
            guard state.end == nil else { return (nil, true, 0) }
            guard state.waitingByteCount + state.unreturnedByteCount < window else {
                return (nil, false, 0)
            }
            if let reader = state.reader {
                state.reader = nil
                return (reader, true, state.consume(Self.cost(item), window))
            }
            state.items.append(item)
            state.waitingByteCount += Self.cost(item)
            return (nil, true, 0)
        }
        reader?.resume(returning: .success(item))
        if credit > 0 { onCredit(credit) }
        return isWithinWindow
    }

    /// Marks the end; what waits can still be read.
    func finish(_ end: Result<Void, PeerError>) {
        let reader = state.withLock { state -> CheckedContinuation<Item, Never>? in
            guard state.end == nil else { return nil }
            state.end = end
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: end.map { nil })
    }

    /// The next item, `nil` after the last.
    func next() async throws(PeerError) -> [UInt8]? {
        let item = await withTaskCancellationHandler {
            await withCheckedContinuation { reader in wait(reader) }
        } onCancel: {
            cancel()
        }
        return try item.get()
    }

    /// Nobody will read on.
    func abandon() {
        let wasOpen = state.withLock { state in
            state.items = []
            return state.end == nil
        }
        guard wasOpen else { return }
        finish(.failure(.cancelled))
        onAbandon()
    }

    // MARK: - Parts

    private func wait(_ reader: CheckedContinuation<Item, Never>) {
        let (answer, credit) = state.withLock { state -> (Item?, Int) in
            if let item = state.popFirst() {
                state.waitingByteCount -= Self.cost(item)
                return (.success(item), state.consume(Self.cost(item), window))
            }
            if let end = state.end { return (end.map { nil }, 0) }
            precondition(state.reader == nil, "invariant 1: two readers of one stream")
            if Task.isCancelled { return (.failure(.cancelled), 0) }
            state.reader = reader
            return (nil, 0)
        }
        if let answer { reader.resume(returning: answer) }
        if credit > 0 { onCredit(credit) }
    }

    private func cancel() {
        let wasOpen = state.withLock { $0.end == nil }
        guard wasOpen else { return }
        finish(.failure(.cancelled))
        onAbandon()
    }
}

extension PeerStreamInbox.State {
    fileprivate mutating func popFirst() -> [UInt8]? {
        guard nextItem < items.count else { return nil }
        defer {
            nextItem += 1
            if nextItem == items.count {
                items.removeAll(keepingCapacity: true)
                nextItem = 0
            }
        }
        return items[nextItem]
    }

    /// Counts bytes as read; returns how much credit to give back now: nothing until half a window.
    fileprivate mutating func consume(_ byteCount: Int, _ window: Int) -> Int {
        unreturnedByteCount += byteCount
        guard unreturnedByteCount * 2 >= window, end == nil else { return 0 }
        defer { unreturnedByteCount = 0 }
        return unreturnedByteCount
    }
}
