// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// The newest batches of a feed as they are sent: encoded once, however many follow.
///
/// Followers that are level ask for the same batch within a moment of each other. What one batch holds
/// depends on when it was first asked for; who comes later gets the same, and the rest with the next.
package struct FeedShelf: Sendable {
    /// Commands behind an index, and how far they reach.
    package struct Batch: Sendable, Equatable {
        package let after: LogIndex
        package let upTo: LogIndex
        /// The items to send: commands, if there are any, and the mark behind them.
        package let items: [[UInt8]]
    }

    /// Batches kept.
    private static let count = 32

    private var batches: [Batch] = []
    /// Batches that were encoded, and those that were found encoded.
    package private(set) var encodedCount: UInt64 = 0
    package private(set) var sharedCount: UInt64 = 0

    package init() {}

    /// Bytes that are kept.
    package var byteCount: Int { batches.reduce(0) { $0 + $1.items.reduce(0) { $0 + $1.count } } }

    /// The batch behind `index`; `nil` where there is nothing new.
    ///
    /// `read` gives commands behind `index`, and up to where they are all there are; it is called only
    /// where the batch is not here.
    package mutating func batch(
        after index: LogIndex,
        read: () -> (commands: [AppliedCommand], upTo: LogIndex)
    ) -> Batch? {
        if let found = batches.last(where: { $0.after == index }) {
            sharedCount += 1
            return found
        }
        let (commands, upTo) = read()
        guard upTo > index else { return nil }
        var items: [[UInt8]] = []
        if !commands.isEmpty { items.append(FeedItem.commands(commands).encode()) }
        items.append(FeedItem.complete(upTo).encode())
        let batch = Batch(after: index, upTo: upTo, items: items)
        encodedCount += 1
        if batches.count == Self.count { batches.removeFirst() }
        batches.append(batch)
        return batch
    }
}
