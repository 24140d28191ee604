// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// From sending a put until each watcher has its event: one writer in a closed loop, some watchers at
/// every member.
final class WatchRun {
    /// More than can be under way: a key is not written again before its events are in.
    private static let keyCount = 1024

    private let driver: Driver
    private let writer: any Session
    private let watchers: [any Session]
    private let length: Int64
    private let done: (Figures) -> Void
    private var pieces: [ByteBuffer]
    private var sentAt = [Int64](repeating: 0, count: keyCount)
    private var latencies: [Int64] = []
    private var failures = 0
    private var begin: Int64 = 0
    private var usedAtBegin: Int64 = 0
    private var hasEnded = false

    init(
        _ driver: Driver,
        writer: any Session,
        watchers: [any Session],
        length: Int64,
        _ done: @escaping (Figures) -> Void
    ) {
        self.driver = driver
        self.writer = writer
        self.watchers = watchers
        self.length = length
        self.done = done
        pieces = Array(repeating: ByteBuffer(), count: watchers.count)
    }

    /// Writes when every watch has begun, and a moment later: a head is sent before the first event.
    func start() {
        var waiting = watchers.count
        for (index, watcher) in watchers.enumerated() {
            watcher.watch {
                waiting -= 1
                if waiting == 0 { self.driver.after(.milliseconds(200)) { self.write() } }
            } received: { bytes in
                self.received(bytes, at: index)
            }
        }
    }

    private func write() {
        begin = Clock.now
        usedAtBegin = Clock.used
        driver.after(.nanoseconds(length)) { self.end() }
        next(0)
    }

    private func next(_ turn: Int) {
        guard !hasEnded else { return }
        let key = turn % Self.keyCount
        sentAt[key] = Clock.now
        writer.perform(.put(key: key)) { outcome in
            if !outcome.isAnswered { self.failures += 1 }
            if case .lost = outcome { return }
            self.next(turn + 1)
        }
    }

    private func received(_ bytes: ByteBuffer, at watcher: Int) {
        var bytes = bytes
        pieces[watcher].writeBuffer(&bytes)
        for key in Keys.takeEvents(from: &pieces[watcher]) where !hasEnded && key < Self.keyCount {
            latencies.append(Clock.now - sentAt[key])
        }
        if pieces[watcher].readableBytes == 0 { pieces[watcher].clear() }
    }

    private func end() {
        hasEnded = true
        var figures = Figures(
            latencies: latencies,
            over: Clock.now - begin,
            driverUsed: Clock.used - usedAtBegin
        )
        figures.failures = failures
        done(figures)
    }
}
