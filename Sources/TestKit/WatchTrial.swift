// SPDX-License-Identifier: Apache-2.0
import APIModel
import Primitives

/// Watchers of some workers while mounts change and whatever a test does befalls the workers: each
/// keeps what it hears, and in the end all must have heard the same story, in order and whole.
package struct WatchTrial: Sendable {
    /// What came of it.
    package struct Outcome: Sendable {
        /// Revisions that were made.
        package var revisionCount: UInt64
        /// Watches that were begun anew, at another worker or the same.
        package var resumedCount: Int
        /// What should not have been said, what differs, and who has not heard everything.
        package var complaints: [String]
    }

    package let workers: [WebClient]
    package let watcherCount: Int
    package let seed: UInt64

    package init(_ workers: [WebClient], watcherCount: Int = 20, seed: UInt64) {
        self.workers = workers
        self.watcherCount = watcherCount
        self.seed = seed
    }

    /// Runs `faults` among watchers and a writer, then has everybody hear the rest.
    ///
    /// `faults` is what befalls the workers, which all serve again when it returns; `teller` gives a
    /// worker that has it all, whose watch from the beginning is the story. Throws what they throw, and
    /// when somebody does not come to hear everything.
    package func run(
        _ faults: () async throws -> Void,
        teller: () async throws -> WebClient
    ) async throws -> Outcome {
        let begin = await head() + 1
        let watchers = (0..<watcherCount).map { PersistentWatcher(number: $0, from: begin) }
        try await withThrowingDiscardingTaskGroup { group in
            for watcher in watchers {
                group.addTask { await watcher.run(workers) }
            }
            group.addTask { await write() }
            defer { group.cancelAll() }
            try await faults()
        }
        let teller = try await teller()
        let last = await head()
        let story = PersistentWatcher(number: watcherCount, from: begin)
        try await hear(story, through: last, at: [teller])
        var outcome = Outcome(
            revisionCount: last + 1 - begin,
            resumedCount: watchers.reduce(0) { $0 + $1.streamCount - 1 },
            complaints: story.complaints
        )
        for watcher in watchers {
            try await hear(watcher, through: last, at: workers)
            let difference = watcher.difference(from: story, through: last)
            outcome.complaints += (watcher.complaints + [difference].compactMap(\.self))
                .map { "watcher \(watcher.number), seed \(seed): \($0)" }
        }
        return outcome
    }

    /// Waits until `count` more revisions are there, whoever knows of them.
    package func changes(_ count: UInt64, _ what: String) async throws {
        let begin = await head()
        try await waitUntil("\(count) changes \(what), seed \(seed)") {
            await head() >= begin + count
        }
    }

    /// The newest revision that any worker tells of.
    private func head() async -> UInt64 {
        var head: UInt64 = 0
        for worker in workers {
            let answer = try? await worker.get("/v1/cluster", within: .seconds(5))
            head = max(head, (try? answer?.document(ClusterDocument.self).revision) ?? 0)
        }
        return head
    }

    private func hear(
        _ watcher: PersistentWatcher,
        through revision: UInt64,
        at workers: [WebClient]
    ) async throws {
        let last = Task { await watcher.run(workers) }  // Ends with this call, below.
        defer { last.cancel() }
        let what = "watcher \(watcher.number) at \(watcher.heard) of \(revision), seed \(seed)"
        try await waitUntil(what) { watcher.isComplete(through: revision) }
    }

    /// Puts and deletes, at any worker, whatever becomes of it.
    private func write() async {
        var random = SplitMix64(seed: seed ^ 0x5757)
        var number = 0
        while !Task.isCancelled {
            number += 1
            let worker = workers[Int.random(in: 0..<workers.count, using: &random)]
            let target = "/v1/mount?path=/w/m\(Int.random(in: 0..<10, using: &random))"
            if random.chance(percent: 25) {
                _ = try? await worker.call("DELETE", target, within: .seconds(2))
            } else {
                _ = try? await worker.call(
                    "PUT",
                    target,
                    ["If-Match": "*"],
                    body: #"{"origin":"s3://lake/\#(number)"}"#,
                    within: .seconds(2)
                )
            }
        }
    }
}
