// SPDX-License-Identifier: Apache-2.0
import CFuse3
import Dispatch
import Glibc
import Synchronization

/// The requests that are being answered away from the FUSE threads: how many, and which to cancel.
///
///     starting ──attach──▶ running ──finish──▶ gone
///         └── interrupt: marked, answered by attach ──┘   (running: answered at once)
///
/// The kernel asks once to interrupt a request, at the first signal, and from then on waits for the
/// answer whatever comes. So a request whose caller got a harmless one is watched: a fatal one may
/// follow (`fs/fuse/dev.c`, `request_wait_answer`).
///
/// Invariants:
/// 1. At most ``limit`` requests are in the table; the FUSE thread that brings one more waits, so
///    the kernel's own queue takes what we cannot.
/// 2. A slot is held until the request's task has ended, answered or not.
/// 3. A request is watched by one task at most, which ends with it.
final class RequestTable: Sendable {
    static let limit = 512
    /// How often the caller of a request that was to be interrupted is looked at.
    private static let watchInterval = Duration.milliseconds(100)

    private struct Entry {
        let request: FuseRequest
        var task: Task<Void, Never>?
        var isInterrupted = false
        var isWatched = false
    }

    private struct State {
        var nextID: UInt = 1
        var entries: [UInt: Entry] = [:]
    }

    private let state = Mutex(State())
    private let slots = DispatchSemaphore(value: limit)

    /// Answers `request` from a task of its own; waits for a slot first.
    ///
    /// For FUSE threads.
    func start(_ request: FuseRequest, _ body: @escaping @Sendable () async -> Void) {
        slots.wait()
        let id = state.withLock { state in
            defer { state.nextID += 1 }
            state.entries[state.nextID] = Entry(request: request)
            return state.nextID
        }
        registerInterrupt(of: request, id: id)

        // A task per request: the FUSE thread must be free for the next one. Bounded by `slots`,
        // cancelled by `interrupt` and `abandonAll`.
        let task = Task {
            await body()
            self.finish(id)
        }
        attach(task, to: id)
    }

    /// Called by libfuse on a FUSE thread when the caller of request `id` got a signal.
    func interrupt(_ id: UInt) {
        guard let caller = state.withLock({ $0.entries[id]?.request.caller }) else { return }
        if Self.mustEnd(caller) { end(id) } else { watch(id, caller) }
    }

    private func watch(_ id: UInt, _ caller: pid_t) {
        let isFirst = state.withLock { state in
            defer { state.entries[id]?.isWatched = true }
            return state.entries[id]?.isWatched == false
        }
        guard isFirst else { return }
        // A task of its own, invariant 3: nobody tells us of the caller's further signals.
        Task {
            while (try? await Task.sleep(for: Self.watchInterval)) != nil,
                state.withLock({ $0.entries[id] != nil })
            {
                if Self.mustEnd(caller) { return end(id) }
            }
        }
    }

    /// Whom we cannot look at may be hung as well as anybody: rather `EINTR` than that.
    private static func mustEnd(_ caller: pid_t) -> Bool {
        PendingSignals(thread: caller)?.endProcess ?? true
    }

    /// Answers `EINTR` and cancels the work.
    private func end(_ id: UInt) {
        let running = state.withLock { state -> Entry? in
            state.entries[id]?.isInterrupted = true
            return state.entries[id]
        }
        // Still starting: `attach` answers. libfuse may hold the request's own lock around this
        // call, and a reply now would free it underneath.
        guard let running, let task = running.task else { return }
        running.request.fail(EINTR)
        task.cancel()
    }

    /// Answers everything with `ENODEV` and cancels the work: the mount is gone.
    ///
    /// When it returns no task touches a request any more. Slots stay taken until tasks end.
    func abandonAll() {
        let entries = state.withLock { state in
            defer { state.entries.removeAll() }
            return Array(state.entries.values)
        }
        for entry in entries {
            entry.request.fail(ENODEV)
            entry.task?.cancel()
        }
    }

    // MARK: - Private

    private func attach(_ task: Task<Void, Never>, to id: UInt) {
        let entry = state.withLock { state -> Entry? in
            state.entries[id]?.task = task
            return state.entries[id]
        }
        guard let entry, entry.isInterrupted else { return }
        entry.request.fail(EINTR)
        task.cancel()
    }

    private func finish(_ id: UInt) {
        state.withLock { $0.entries[id] = nil }
        slots.signal()
    }

    /// Safe because the callback gets the request's number, not a pointer: libfuse may call it with
    /// what it read before a reply, after that reply.
    private func registerInterrupt(of request: FuseRequest, id: UInt) {
        unsafe request.whileOpen { pointer in
            unsafe fuse_req_interrupt_func(
                pointer,
                { request, number in
                    guard let request = unsafe request else { return }
                    unsafe FuseFileSystem.of(request).requests.interrupt(UInt(bitPattern: number))
                },
                UnsafeMutableRawPointer(bitPattern: id)
            )
        }
    }
}
