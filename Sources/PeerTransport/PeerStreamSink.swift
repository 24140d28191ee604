// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Where a stream handler puts the items for the worker that asked.
///
/// Holds back a handler that is a window ahead of its reader: ``send(_:)`` suspends, memory does
/// not grow. One `send` at a time.
package final class PeerStreamSink: Sendable {
    private struct State {
        /// Bytes the reader has room for.
        var credit: Int
        /// Bytes given to the connection that its socket has not taken.
        var unsent = 0
        var isClosed = false
        var sender: CheckedContinuation<Bool, Never>?

        func hasRoom(_ window: Int) -> Bool { credit > 0 && unsent < window }
    }

    private let state: Mutex<State>
    private let longestItem: Int
    private let window: Int
    private let write: @Sendable ([UInt8]) -> Void

    /// - Parameters:
    ///   - credit: What the reader has room for at first.
    ///   - window: Bound of that room, whatever the reader says, and of what waits for the socket.
    ///   - longestItem: Bound of one item.
    ///   - write: Hands an item to the connection, which calls ``sent(_:)`` when it is gone.
    init(
        credit: Int,
        window: Int,
        longestItem: Int,
        write: @escaping @Sendable ([UInt8]) -> Void
    ) {
        state = Mutex(State(credit: min(credit, window)))
        self.window = window
        self.longestItem = longestItem
        self.write = write
    }

    /// Sends one item; returns when it may follow what was sent before.
    ///
    /// - Throws: `cancelled` when the reader is gone, the connection ended or the task was
    ///   cancelled: return from the handler then; `tooLarge` for an item over the frame limit.
    package func send(_ item: [UInt8]) async throws(PeerError) {
        guard item.count <= longestItem else {
            throw .tooLarge(byteCount: item.count, limit: longestItem)
        }
        let isOpen = await withTaskCancellationHandler {
            await withCheckedContinuation { sender in wait(sender) }
        } onCancel: {
            close()
        }
        guard isOpen else { throw .cancelled }
        state.withLock { state in
            state.credit -= PeerStreamInbox.cost(item)
            state.unsent += item.count
        }
        write(item)
    }

    /// The reader has read this many bytes more.
    func grant(_ byteCount: Int) {
        // Bounded: a peer may send any number of credits of any size.
        resume { state in state.credit = min(state.credit + byteCount, window) }
    }

    /// The socket has taken this many bytes.
    func sent(_ byteCount: Int) {
        resume { state in state.unsent -= byteCount }
    }

    private func resume(_ change: (inout State) -> Void) {
        let sender = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            change(&state)
            guard state.hasRoom(window) else { return nil }
            defer { state.sender = nil }
            return state.sender
        }
        sender?.resume(returning: true)
    }

    /// Nobody reads any more.
    func close() {
        let sender = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            state.isClosed = true
            defer { state.sender = nil }
            return state.sender
        }
        sender?.resume(returning: false)
    }

    private func wait(_ sender: CheckedContinuation<Bool, Never>) {
        let answer = state.withLock { state -> Bool? in
            if state.isClosed { return false }
            if state.hasRoom(window) { return true }
            precondition(state.sender == nil, "two sends at once into one stream")
            state.sender = sender
            return nil
        }
        if let answer { sender.resume(returning: answer) }
    }
}
