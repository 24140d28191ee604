// SPDX-License-Identifier: Apache-2.0
import PageStorage
import PlacementCore
import Primitives
import Synchronization

/// What became of the pages fetched last, as far as a fixed number of slots tells: why one is missing.
///
/// A page has one slot, by its hash and whatever its version, and shares it with others; the last one
/// fetched is in it. Only ever a reason in a metric hangs on it.
final class FillHistory: Sendable {
    /// 2 MiB.
    static let slotCount = 1 << 17

    enum Outcome {
        case kept
        /// Served, and not stored: a full or isolated disk.
        case refused
    }

    /// What is known of a page that is missing.
    enum Finding {
        case nothing
        case otherVersion
        case refused
    }

    private struct Slot {
        var page: UInt64 = 0
        /// Its lowest bit says whether the page was refused.
        var version: UInt64 = 0
    }

    private let slots = Mutex<[Slot]>(Array(repeating: Slot(), count: slotCount))

    func note(_ outcome: Outcome, of page: UInt32, in object: ObjectIdentity) {
        let slot = Slot(
            page: Self.hash(page, object),
            version: Self.hash(object.version) | (outcome == .refused ? 1 : 0)
        )
        slots.withLock { $0[Self.index(slot.page)] = slot }
    }

    func finding(about page: UInt32, in object: ObjectIdentity) -> Finding {
        let hash = Self.hash(page, object)
        let slot = slots.withLock { $0[Self.index(hash)] }
        guard slot.page == hash else { return .nothing }
        guard slot.version & ~1 == Self.hash(object.version) else { return .otherVersion }
        return slot.version & 1 == 1 ? .refused : .nothing
    }

    private static func hash(_ page: UInt32, _ object: ObjectIdentity) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(object.origin)
        hasher.combine(object.key)
        hasher.combine(page)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    /// Even: the lowest bit is for the outcome.
    private static func hash(_ version: ByteString) -> UInt64 {
        UInt64(bitPattern: Int64(version.hashValue)) & ~1
    }

    private static func index(_ hash: UInt64) -> Int { Int(hash % UInt64(slotCount)) }
}
