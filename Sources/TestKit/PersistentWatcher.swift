// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import Synchronization

/// A watcher that goes on at another worker wherever its stream ends, behind the last revision that it
/// knows whole; it notes everything it hears, and what should not have been said.
package final class PersistentWatcher: Sendable {
    private struct Event: Hashable, Sendable, CustomStringConvertible {
        let revision: UInt64
        let key: String
        /// `nil`: deleted.
        let origin: String?

        var description: String { "\(revision) \(key) \(origin ?? "gone")" }
    }

    private struct State {
        /// Of revisions that were told to their end.
        var story: [Event] = []
        /// Of the revision that is being told.
        var group: [Event] = []
        /// Everything through this revision was heard.
        var heard: UInt64
        var complaints: [String] = []
        var streamCount = 0
    }

    package let number: Int
    private let state: Mutex<State>

    /// Begins at `revision`; `number` says at which worker.
    package init(number: Int, from revision: UInt64) {
        self.number = number
        state = Mutex(State(heard: revision - 1))
    }

    /// Everything through this revision was heard.
    package var heard: UInt64 { state.withLock(\.heard) }
    /// What should not have been said.
    package var complaints: [String] { state.withLock(\.complaints) }
    /// How often a watch was begun, at whichever worker.
    package var streamCount: Int { state.withLock(\.streamCount) }

    /// Whether everything through `revision` was heard.
    package func isComplete(through revision: UInt64) -> Bool { heard >= revision }

    /// The first event that the two do not share, of those through `revision`.
    package func difference(from other: PersistentWatcher, through revision: UInt64) -> String? {
        let own = state.withLock { $0.story.filter { $0.revision <= revision } }
        let others = other.state.withLock { $0.story.filter { $0.revision <= revision } }
        for (mine, theirs) in zip(own, others) where mine != theirs {
            return "\(mine) where the story has \(theirs)"
        }
        return own.count == others.count ? nil : "\(own.count) events of \(others.count)"
    }

    /// Watches at one worker after the other until the task is cancelled.
    package func run(_ workers: [WebClient]) async {
        var place = number
        while !Task.isCancelled {
            await watch(workers[place % workers.count])
            place += 1
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    private func watch(_ worker: WebClient) async {
        guard let lines = try? await worker.lines("/v1/watch?from=\(heard + 1)") else { return }
        defer { lines.close() }
        var taken = 0
        state.withLock { $0.group = [] }  // What was cut off in the middle is told again, whole.
        while !Task.isCancelled {
            let hasEnded = lines.hasEnded
            let news = lines.lines.dropFirst(taken)
            if taken == 0, !news.isEmpty, lines.status == 200 {
                state.withLock { $0.streamCount += 1 }
            }
            taken += news.count
            if lines.status == 200 { for line in news { take(line) } }
            if hasEnded { return }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Ordered, unique and bookmarkable: nothing at or behind what was said to be complete; atomic: the
    /// lines of a revision stand together, and all but the last say that more come.
    private func take(_ text: String) {
        guard let line = try? JSONDecoder().decode(WatchLine.self, from: Data(text.utf8)) else {
            return complain("not a line: \(text.prefix(200))")
        }
        switch line {
        case .put(let revision, let key, let value, let hasMore):
            var origin = "a value"
            if case .mount(let mount) = value { origin = mount.origin }
            note(Event(revision: revision, key: key, origin: origin), hasMore)
        case .delete(let revision, let key, let hasMore):
            note(Event(revision: revision, key: key, origin: nil), hasMore)
        case .progress(let revision):
            state.withLock { state in
                if let first = state.group.first, first.revision <= revision {
                    state.complaints.append("progress \(revision) amid \(first)")
                }
                state.heard = max(state.heard, revision)
            }
        case .state(let revision, let key, _): complain("state of \(key) at \(revision)")
        case .closed: break
        }
    }

    private func note(_ event: Event, _ hasMore: Bool) {
        state.withLock { state in
            if event.revision <= state.heard {
                state.complaints.append("\(event) after \(state.heard) was complete")
            }
            if let first = state.group.first, first.revision != event.revision {
                state.complaints.append("\(event) amid \(first)")
            }
            state.group.append(event)
            guard !hasMore else { return }
            state.story += state.group
            state.group = []
            state.heard = event.revision
        }
    }

    private func complain(_ text: String) {
        state.withLock { $0.complaints.append(text) }
    }
}
