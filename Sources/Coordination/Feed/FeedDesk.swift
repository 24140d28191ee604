// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import FeedCore
import Primitives
import Synchronization

/// What the streams of one server share: who is let in, what is encoded, what was sent.
final class FeedDesk: Sendable {
    /// A whole state as it is sent, one for all who need it.
    struct EncodedState: Sendable {
        let index: LogIndex
        let items: [[UInt8]]
        /// ``CatalogReplica/doubtCount`` when it was made.
        let doubtCount: UInt64
    }

    private struct State {
        var admission = FeedAdmission()
        var shelf = FeedShelf()
        var whole: EncodedState?
        var wholeUsedAtMS: UInt64 = 0
        var sentBytes: UInt64 = 0
    }

    /// A batch and a piece fit a frame of the peer protocol, whatever the commands hold.
    private static let batch = 256
    private static let batchBytes = 1 << 20
    private static let pieceBytes = 1 << 20
    /// A state is kept encoded for so long after it was last asked for.
    private static let wholeLifetimeMS: UInt64 = 5_000

    private let state = Mutex(State())

    var streamCount: Int { state.withLock { $0.admission.count } }
    var sentBytes: UInt64 { state.withLock { $0.sentBytes } }

    func sent(_ byteCount: Int) { state.withLock { $0.sentBytes += UInt64(byteCount) } }

    /// Looks at, or changes, who is let in.
    func admission<Result>(_ body: (inout FeedAdmission) -> Result) -> Result {
        state.withLock { body(&$0.admission) }
    }

    /// What to send behind `index`.
    enum Step: Sendable {
        /// Everything was sent up to here.
        case nothing
        case batch(FeedShelf.Batch)
        case state(EncodedState)
    }

    /// Encodes what nobody has asked for yet, else gives what was encoded for another.
    func step(after index: LogIndex, of replica: CatalogReplica, nowMS: UInt64) -> Step {
        let doubtCount = replica.doubtCount  // First: a state that is doubted meanwhile is void.
        return state.withLock { state in
            if nowMS - min(nowMS, state.wholeUsedAtMS) > Self.wholeLifetimeMS { state.whole = nil }
            var needed: (catalog: Catalog, index: LogIndex)?
            let batch = state.shelf.batch(after: index) {
                let step = replica.feed(
                    after: index,
                    limit: Self.batch,
                    byteLimit: Self.batchBytes
                )
                switch step {
                case .commands(let commands, let upTo): return (commands, upTo)
                case .state(let catalog, let at):
                    needed = (catalog, at)
                    return ([], index)
                }
            }
            if let batch { return .batch(batch) }
            guard let needed else { return .nothing }
            state.wholeUsedAtMS = nowMS
            if let whole = state.whole, whole.index > index, whole.doubtCount == doubtCount,
                replica.canFollow(whole.index)
            {
                return .state(whole)
            }
            let whole = Self.encoded(needed.catalog, at: needed.index, doubtCount)
            state.whole = whole
            return .state(whole)
        }
    }

    private static func encoded(
        _ catalog: Catalog,
        at index: LogIndex,
        _ doubtCount: UInt64
    ) -> EncodedState {
        let state = catalog.encodeSnapshot()
        let head = FeedItem.snapshot(
            index: index,
            byteCount: UInt64(state.count),
            checksum: CRC32C.checksum(state)
        )
        let pieces = stride(from: 0, to: state.count, by: pieceBytes).map { start in
            FeedItem.piece(Array(state[start..<min(start + pieceBytes, state.count)])).encode()
        }
        return EncodedState(
            index: index,
            items: [head.encode()] + pieces,
            doubtCount: doubtCount
        )
    }
}
