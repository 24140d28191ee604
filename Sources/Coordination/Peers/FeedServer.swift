// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import PeerTransport
import Primitives

/// Serves the catalog's feed: a state where one is needed, then every command in order.
struct FeedServer: Sendable {
    let replica: CatalogReplica

    private static let batch = 256
    /// A batch and a piece fit a frame of the peer protocol, whatever the commands hold.
    private static let batchBytes = 1 << 20
    private static let pieceBytes = 1 << 20
    /// Longest silence on the stream: a follower that hears nothing longer looks elsewhere.
    private static let beaconInterval = Timespan(milliseconds: 500)

    /// Feeds one follower until it goes or the task is cancelled.
    func serve(_ request: FeedRequest, into sink: PeerStreamSink) async throws(PeerError) {
        var sent = request.after
        while !Task.isCancelled, !replica.isRebuilding {
            switch replica.feed(
                after: sent,
                limit: Self.batch,
                byteLimit: Self.batchBytes
            ) {
            case .state(let catalog, let index):
                try await send(catalog, at: index, into: sink)
                sent = index
            case .commands(let commands, let upTo):
                if !commands.isEmpty {
                    try await sink.send(FeedItem.commands(commands).encode())
                }
                try await sink.send(FeedItem.complete(upTo).encode())
                sent = upTo
                _ = await replica.wait(for: sent.next, within: Self.beaconInterval)
            }
        }
    }

    private func send(
        _ catalog: Catalog,
        at index: LogIndex,
        into sink: PeerStreamSink
    ) async throws(PeerError) {
        let state = catalog.encodeSnapshot()
        let head = FeedItem.snapshot(
            index: index,
            byteCount: UInt64(state.count),
            checksum: CRC32C.checksum(state)
        )
        try await sink.send(head.encode())
        for start in stride(from: 0, to: state.count, by: Self.pieceBytes) {
            let piece = Array(state[start..<min(start + Self.pieceBytes, state.count)])
            try await sink.send(FeedItem.piece(piece).encode())
        }
    }
}
