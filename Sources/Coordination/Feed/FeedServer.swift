// SPDX-License-Identifier: Apache-2.0
import FeedCore
import PeerTransport
import Primitives

/// One stream of the feed: a state where one is needed, then every command in order, and beacons.
///
/// What is sent is encoded once for all streams (``FeedDesk``), but for the beacons.
struct FeedServer: Sendable {
    let replica: CatalogReplica
    let desk: FeedDesk
    let now: @Sendable () -> UInt64
    /// What to say of this worker to one who was sent everything up to an index.
    let beacon: @Sendable (LogIndex) -> FeedBeacon

    /// How often it is looked whether the voters are still who was told of.
    private static let lookInterval = Timespan(milliseconds: FeedBeacon.intervalMS / 2)

    /// Feeds one follower until it goes, `isWanted` says no, or the task is cancelled.
    func serve(
        _ request: FeedRequest,
        into sink: PeerStreamSink,
        while isWanted: @Sendable () -> Bool
    ) async throws(PeerError) {
        var sent = request.after
        var last: FeedBeacon?
        var lastAtMS: UInt64 = 0
        while !Task.isCancelled, !replica.isRebuilding, isWanted() {
            switch desk.step(after: sent, of: replica, nowMS: now()) {
            case .state(let whole):
                for item in whole.items { try await send(item, into: sink) }
                sent = whole.index
            case .batch(let batch):
                for item in batch.items { try await send(item, into: sink) }
                sent = batch.upTo
            case .nothing:
                _ = await replica.wait(for: sent.next, within: Self.lookInterval)
            }
            let news = beacon(sent)
            if news.isDue(after: last, sentAtMS: lastAtMS, nowMS: now()) {
                try await send(FeedItem.beacon(news).encode(), into: sink)
                (last, lastAtMS) = (news, now())
            }
        }
    }

    private func send(_ item: [UInt8], into sink: PeerStreamSink) async throws(PeerError) {
        try await sink.send(item)
        desk.sent(item.count)
    }
}
