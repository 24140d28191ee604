// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import NIOCore

/// What the clients of a load do.
enum Operation: String, ExpressibleByArgument, CaseIterable {
    case put, read, local

    func call(_ key: Int) -> Call {
        switch self {
        case .put: .put(key: key)
        case .read: .read(key: key)
        case .local: .readLocally(key: key)
        }
    }
}

/// Closed loops: each client has a connection and sends its next call when the last was answered.
///
/// Clients turn round on sixteen keys of their own, so that the stores stay as large as they are and
/// no client waits for another's entry.
final class LoadRun {
    static let keysPerClient = 16

    private let driver: Driver
    private let operation: Operation
    private let sessions: [any Session]
    private let warmup: Int64
    private let length: Int64
    private var done: (Figures) -> Void
    private var latencies: [Int64] = []
    private var failures = 0
    private var failure: String?
    private var begin: Int64 = 0
    private var usedAtBegin: Int64 = 0
    private var hasEnded = false

    /// `warmup` and `length` in nanoseconds; what began or ended outside of `length` is not counted.
    init(
        _ driver: Driver,
        _ operation: Operation,
        _ sessions: [any Session],
        warmup: Int64,
        length: Int64,
        _ done: @escaping (Figures) -> Void
    ) {
        self.driver = driver
        self.operation = operation
        self.sessions = sessions
        self.warmup = warmup
        self.length = length
        self.done = done
        latencies.reserveCapacity(1 << 20)
    }

    func start() {
        begin = Clock.now + warmup
        driver.after(.nanoseconds(warmup)) { self.usedAtBegin = Clock.used }
        driver.after(.nanoseconds(warmup + length)) { self.end() }
        for client in sessions.indices { next(client, 0) }
    }

    private func next(_ client: Int, _ turn: Int) {
        guard !hasEnded else { return }
        let key = client * Self.keysPerClient + turn % Self.keysPerClient
        let sent = Clock.now
        sessions[client].perform(operation.call(key)) { outcome in
            self.finished(outcome, sent)
            if case .lost = outcome { return }
            self.next(client, turn + 1)
        }
    }

    private func finished(_ outcome: Outcome, _ sent: Int64) {
        guard !hasEnded, sent >= begin else { return }
        switch outcome {
        case .answered:
            latencies.append(Clock.now - sent)
        case .refused(let why):
            failures += 1
            failure = failure ?? why
        case .lost:
            failures += 1
            failure = failure ?? "the connection was lost"
        }
    }

    private func end() {
        hasEnded = true
        var figures = Figures(
            latencies: latencies,
            over: Clock.now - begin,
            driverUsed: Clock.used - usedAtBegin
        )
        figures.failures = failures
        figures.failure = failure
        done(figures)
    }
}
