// SPDX-License-Identifier: Apache-2.0
import FeedCore
import Primitives

/// What became of a ``FeedWorld``, in numbers.
package struct FeedWorldReport: Sendable {
    /// What one kind of server did at most.
    package struct Load: Sendable {
        package var serverCount = 0
        package var mostStreams = 0
        /// Of the busiest one, a second, while nobody died.
        package var bytesPerSecond: UInt64 = 0
        /// Of all of the kind, a second, while nobody died.
        package var totalBytesPerSecond: UInt64 = 0
        /// Given to the network of one at a time and not sent yet.
        package var mostWaitingBytes: UInt64 = 0
        /// Kept for followers: commands, and batches as they are sent.
        package var keptBytes = 0
    }

    /// Which check failed, and how; `nil`: none.
    package var violation: String?
    package var eventCount: UInt64 = 0
    package private(set) var voters = Load()
    package private(set) var relays = Load()
    package private(set) var branches = Load()
    /// When a command was committed, and how long it took until 99 of 100 followers had it; microseconds.
    package var reached: [(atUS: UInt64, afterUS: UInt64)] = []
    /// From the death of a source to the first word of another, of each follower it had; microseconds.
    package var changeovers: [UInt64] = []
    /// Followers whose source died.
    package var orphans = 0
    /// Streams that were asked of voters, all in all.
    package var opensAtVoters = 0
    /// Streams that were refused because a server was full.
    package var refusals = 0
    /// Ages that followers stated, sampled each second, in milliseconds.
    package var ages: [UInt64] = []
    /// Batches that were encoded, and those that were found encoded.
    package private(set) var encodedCount: UInt64 = 0
    package private(set) var sharedCount: UInt64 = 0
    private var calmBytes: [NodeID: UInt64] = [:]
    private var calmUntilUS: UInt64?

    init() {}

    /// The value below which so many in a hundred lie; 0 of none.
    package static func percentile(_ percent: Int, of values: [UInt64]) -> UInt64 {
        guard !values.isEmpty else { return 0 }
        return values.sorted()[min(values.count - 1, values.count * percent / 100)]
    }

    mutating func note(_ bytes: Int, from worker: FeedWorldWorker, atUS nowUS: UInt64) {
        guard nowUS >= FeedWorldPlan.warmUpMS * 1_000, orphans == 0 else { return }
        calmUntilUS = nowUS
        calmBytes[worker.node, default: 0] += UInt64(bytes)
    }

    mutating func complete(with workers: [FeedWorldWorker], tree: FeedTree, plan: FeedWorldPlan) {
        let until = calmUntilUS ?? plan.seconds * 1_000_000
        let calmMS = max(1, until / 1_000 - min(until / 1_000, FeedWorldPlan.warmUpMS))
        for worker in workers {
            let bytes = (calmBytes[worker.node] ?? 0) * 1_000 / calmMS
            switch tree.place(of: worker.node) {
            case .voter: voters.add(worker, bytesPerSecond: bytes)
            case .relay: relays.add(worker, bytesPerSecond: bytes)
            case .branch: branches.add(worker, bytesPerSecond: bytes)
            case .observer: break
            }
            encodedCount += worker.shelf.encodedCount
            sharedCount += worker.shelf.sharedCount
        }
    }
}

extension FeedWorldReport.Load {
    fileprivate mutating func add(_ worker: FeedWorldWorker, bytesPerSecond bytes: UInt64) {
        serverCount += 1
        mostStreams = max(mostStreams, worker.mostGuests)
        bytesPerSecond = max(bytesPerSecond, bytes)
        totalBytesPerSecond += bytes
        mostWaitingBytes = max(mostWaitingBytes, worker.mostWaitingBytes)
        keptBytes = max(keptBytes, worker.shelf.byteCount + worker.log.byteCount)
    }
}
