// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Where a stream handler puts the items for the worker that asked.
///
/// Holds back a handler that is a window ahead of its reader: ``send(_:)`` suspends, memory does
/// not grow. One `send` at a time.
package final class PeerStreamSink: Sendable {
    private struct State {
        var credit: Int
        var isClosed = false
        var sender: CheckedContinuation<Bool, Never>?
    }

    private let state: Mutex<State>
    private let longestItem: Int
    private let write: @Sendable ([UInt8]) -> Void

    init(credit: Int, longestItem: Int, write: @escaping @Sendable ([UInt8]) -> Void) {
        state = Mutex(State(credit: credit))
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
        state.withLock { $0.credit -= PeerStreamInbox.cost(item) }
        write(item)
    }

    /// The reader has read this many bytes more.
    func grant(_ byteCount: Int) {
        let sender = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            // Saturating: a peer may send any number of credits of any size.
            state.credit = min(state.credit + byteCount, Int(UInt32.max))
            guard state.credit > 0 else { return nil }
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
            if state.credit > 0 { return true }
            precondition(state.sender == nil, "two sends at once into one stream")
            state.sender = sender
            return nil
        }
        if let answer { sender.resume(returning: answer) }
    }
}
