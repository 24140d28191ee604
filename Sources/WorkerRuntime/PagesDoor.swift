// SPDX-License-Identifier: Apache-2.0
package import Codecs
package import PageTransport
import Synchronization

/// Stands before ``WorkerPages`` while the cache is being opened, which takes a minute after a crash
/// with millions of pages.
///
/// ```
///   opening ──open──▶ open ──close──▶ closed
///      └─ requests wait, their readers told that work is under way; then this worker stops being asked
/// ```
///
/// The pages are here: a reader sent on to the next owner would have them fetched from the origin again.
///
/// Invariants:
/// 1. Requests wait only while opening, at most ``waitingLimit``, each at most `patience`.
/// 2. Nothing is answered from a store that is not open; what needs none is answered at once.
package final class PagesDoor: Sendable {
    /// Requests that wait at most; one more is told to ask another.
    package static let waitingLimit = 4_096

    private enum State {
        case opening(waiting: [UInt64: CheckedContinuation<WorkerPages?, Never>])
        case open(WorkerPages)
        case closed
    }

    private let state = Mutex<(phase: State, nextID: UInt64)>((.opening(waiting: [:]), 0))
    private let patience: Duration

    /// Opening.
    package init(patience: Duration = .seconds(30)) { self.patience = patience }

    /// Lets everybody in who waits.
    package func open(_ pages: WorkerPages) { change(to: .open(pages), admitting: pages) }

    /// Sends everybody on to another worker.
    package func close() { change(to: .closed, admitting: nil) }

    /// Answers a request of this very process; `nil`: another worker should be asked.
    package func answer(_ request: PageRequest) async -> PageReply? {
        switch state.withLock(\.phase) {
        case .open(let pages): return await pages.answer(request)
        case .closed: return Self.answerWithoutStore(request)
        case .opening:
            if let answer = Self.answerWithoutStore(request) { return answer }
            return await pages()?.answer(request)
        }
    }

    private func change(to phase: State, admitting pages: WorkerPages?) {
        let waiting = state.withLock { state in
            defer { state.phase = phase }
            guard case .opening(let waiting) = state.phase else {
                return [UInt64: CheckedContinuation<WorkerPages?, Never>]()
            }
            return waiting
        }
        for continuation in waiting.values { continuation.resume(returning: pages) }
    }

    /// Waits while opening; `nil` where that takes too long or too many wait.
    private func pages() async -> WorkerPages? {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        // A task of its own: ends the wait, and ends with it.
        let timer = Task {
            try await Task.sleep(for: patience)
            giveUp(id)
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { continuation in
            let (isKnown, pages) = state.withLock { state -> (Bool, WorkerPages?) in
                switch state.phase {
                case .open(let pages): return (true, pages)
                case .closed: return (true, nil)
                case .opening(var waiting):
                    guard waiting.count < Self.waitingLimit else { return (true, nil) }
                    waiting[id] = continuation
                    state.phase = .opening(waiting: waiting)
                    return (false, nil)
                }
            }
            if isKnown { continuation.resume(returning: pages) }
        }
    }

    private func giveUp(_ id: UInt64) {
        let continuation = state.withLock { state -> CheckedContinuation<WorkerPages?, Never>? in
            guard case .opening(var waiting) = state.phase else { return nil }
            defer { state.phase = .opening(waiting: waiting) }
            return waiting.removeValue(forKey: id)
        }
        continuation?.resume(returning: nil)
    }

    /// What need not wait for the store.
    private static func answerWithoutStore(_ request: PageRequest) -> PageReply? {
        switch request {
        // Whoever asks this may not have it fetched, and asks others as well. A worker that takes pages
        // over waits: they are here, and would be fetched from the origin again.
        case .read(let read) where read.mode == .readIfPresent: .miss
        case .ping, .report: .pong
        case .capacity, .offer, .holdings: .failure(.stopping)
        case .read, .attributes, .list: nil
        }
    }
}

extension PagesDoor: PageRequestHandler {
    package func handle(
        _ request: PageRequest,
        from client: PageClientDescription,
        reply: PageReplyWriter
    ) {
        let phase = state.withLock(\.phase)
        switch phase {
        case .open(let pages): pages.handle(request, from: client, reply: reply)
        case .closed: reply.complete(.failure(.stopping))
        case .opening:
            if let answer = Self.answerWithoutStore(request) { return reply.complete(answer) }
            reply.filling()
            // One task a request that waits: bounded by the server as those are that wait for an
            // origin, and by invariant 1.
            Task {
                guard let pages = await pages() else {
                    return reply.complete(.failure(.stopping))
                }
                pages.handle(request, from: client, reply: reply)
            }
        }
    }
}
