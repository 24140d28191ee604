// SPDX-License-Identifier: Apache-2.0
package import NIOCore

/// The deadlines of many calls, with one timer for all of them.
///
/// Most calls end long before theirs. A timer each would be sorted into the loop's heap, searched for
/// there, and taken out again: a fiftieth of what voters under writes do. Used on one event loop only.
///
/// Invariants:
/// 1. While there are deadlines, a timer comes no later than the earliest. It may come earlier, for a
///    call that has ended, and then goes on to the earliest there is.
/// 2. Nothing is kept of a call that has ended.
package final class Deadlines<Item> {
    private let loop: any EventLoop
    private let expire: (Item) -> Void
    private var due: [UInt64: (at: NIODeadline, item: Item)] = [:]
    private var timer: (task: Scheduled<Void>, at: NIODeadline)?

    /// Deadlines on `loop`; `expire` is called there with each item whose time is over.
    package init(on loop: any EventLoop, expire: @escaping (Item) -> Void) {
        self.loop = loop
        self.expire = expire
    }

    deinit { timer?.task.cancel() }

    /// Calls with a deadline.
    package var count: Int { due.count }

    /// Sets the deadline of a call, in the place of one it had.
    package func set(_ id: UInt64, at deadline: NIODeadline, _ item: Item) {
        due[id] = (deadline, item)
        startTimer(at: deadline)
    }

    /// The call has ended.
    package func end(_ id: UInt64) { due[id] = nil }

    package func endAll() { due = [:] }

    private func startTimer(at deadline: NIODeadline) {
        if let timer, timer.at <= deadline { return }  // Invariant 1.
        timer?.task.cancel()
        let task = loop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            if let self { timerCame() }
        }
        timer = (task, deadline)
    }

    private func timerCame() {
        timer = nil
        let now = loop.now
        for (id, call) in due.filter({ $0.value.at <= now }).sorted(by: { $0.key < $1.key }) {
            due[id] = nil
            expire(call.item)
        }
        if let earliest = due.values.map(\.at).min() { startTimer(at: earliest) }
    }
}
