// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// Why a feed cannot be used: its source is left for another.
package enum FeedError: Error, Equatable {
    case malformed(ByteDecodingError)
    /// Pieces without a head, too many of them, or a checksum that is not theirs.
    case brokenSnapshot
    /// A command, a state or a mark that does not lie behind what came before it.
    case outOfOrder(LogIndex)
}

/// Turns the items of one feed back into states and commands.
///
/// A plain value: what it gives is applied by its owner.
package struct FeedAssembly {
    package enum Step: Equatable {
        case none
        case restore(state: [UInt8], at: LogIndex)
        case apply([AppliedCommand])
        case advance(LogIndex)
        case beacon(FeedBeacon)
    }

    /// A state is at most this long.
    private static let longestState: UInt64 = 512 << 20

    /// Everything up to here has arrived on this feed, or was there before.
    private var last: LogIndex
    private var head: (index: LogIndex, byteCount: UInt64, checksum: UInt32)?
    private var state: [UInt8] = []

    /// A feed asked for from behind `after`.
    package init(after: LogIndex) { last = after }

    package mutating func take(_ bytes: [UInt8]) throws(FeedError) -> Step {
        let item: FeedItem
        do throws(ByteDecodingError) {
            item = try FeedItem(decoding: bytes)
        } catch {
            throw .malformed(error)
        }
        switch item {
        case .snapshot(let index, let byteCount, let checksum):
            guard byteCount > 0, byteCount <= Self.longestState else { throw .brokenSnapshot }
            guard index > last else { throw .outOfOrder(index) }
            head = (index, byteCount, checksum)
            state = []
            return .none
        case .piece(let piece):
            return try add(piece)
        case .commands(let commands):
            guard head == nil else { throw .brokenSnapshot }
            for command in commands {
                guard command.index > last else { throw .outOfOrder(command.index) }
                last = command.index
            }
            return .apply(commands)
        case .complete(let index):
            try complete(index)
            return .advance(index)
        case .beacon(let beacon):
            try complete(beacon.index)
            return .beacon(beacon)
        }
    }

    private mutating func complete(_ index: LogIndex) throws(FeedError) {
        guard head == nil else { throw .brokenSnapshot }
        guard index >= last else { throw .outOfOrder(index) }
        last = index
    }

    private mutating func add(_ piece: [UInt8]) throws(FeedError) -> Step {
        guard let head, UInt64(state.count + piece.count) <= head.byteCount, !piece.isEmpty else {
            throw .brokenSnapshot
        }
        state += piece
        guard UInt64(state.count) == head.byteCount else { return .none }
        guard CRC32C.checksum(state) == head.checksum else { throw .brokenSnapshot }
        defer {
            last = head.index
            self.head = nil
            state = []
        }
        return .restore(state: state, at: head.index)
    }
}
