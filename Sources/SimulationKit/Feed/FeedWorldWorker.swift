// SPDX-License-Identifier: Apache-2.0
import FeedCore
import Primitives

/// One worker of a ``FeedWorld``: what production keeps for the feed, and a clock of its own.
struct FeedWorldWorker {
    /// One worker that it feeds.
    struct Guest {
        let follower: Int
        let stream: UInt64
        let ticket: FeedAdmission.Ticket
        var sent: LogIndex
        var beacon: FeedBeacon?
        var beaconAtMS: UInt64 = 0
        /// When the last item of the stream arrives.
        var arrivesAtUS: UInt64 = 0
    }

    let node: NodeID
    let region: Int
    let isVoter: Bool
    var isAlive = true
    private let clockOrigin: UInt64
    /// Thousandths of a thousandth that its clock runs fast, plus 1,000,000.
    private let clockRate: UInt64

    // What it holds.
    var applied = LogIndex.zero
    var log = AppliedLog(horizon: .zero, countLimit: 1_000)
    /// Somebody might follow it: it keeps commands.
    ///
    /// In production everybody does; here there are thousands in one process.
    var mayServe = false
    var staleness = StalenessBound()

    // Whom it feeds.
    var admission = FeedAdmission()
    var shelf = FeedShelf()
    var guests: [Guest] = []
    /// When its network has sent everything that was given to it.
    var sendsUntilUS: UInt64 = 0
    var sentBytes: UInt64 = 0
    var mostGuests = 0
    var mostWaitingBytes: UInt64 = 0

    // Who feeds it.
    var follower: FeedFollower
    var assembly = FeedAssembly(after: .zero)
    var stream: UInt64 = 0
    var streamAskedAtMS: UInt64 = 0
    var sourceClock = SourceClock()
    var beacon: FeedBeacon?
    /// Since when nobody alive feeds it.
    var orphanedAtUS: UInt64?

    init(node: NodeID, region: Int, isVoter: Bool, using random: inout SplitMix64) {
        self.node = node
        self.region = region
        self.isVoter = isVoter
        clockOrigin = .random(in: 0...1 << 40, using: &random)
        clockRate = .random(in: 999_800...1_000_200, using: &random)
        follower = FeedFollower(node, seed: random.next())
    }

    /// What its clock reads, in milliseconds.
    func clockMS(at nowUS: UInt64) -> UInt64 { clockOrigin + nowUS * clockRate / 1_000_000_000 }

    /// From here to the voter.
    var path: [NodeID] { [node] + (follower.feeding == nil ? [] : beacon?.path ?? []) }
}
