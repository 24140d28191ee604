// SPDX-License-Identifier: Apache-2.0
import PlacementCore
import Primitives
import Synchronization

/// The pages evicted last, as far as a fixed number of slots tells: for counting misses, nothing else.
///
/// A page has one slot, by its hash, and shares it with others; the last one evicted is in it. So a page
/// may be forgotten, and one that was not evicted is taken for one in 2⁶⁴ cases.
final class EvictedPages: Sendable {
    /// 1 MiB; pages of the last few hours on a busy worker.
    static let slotCount = 1 << 17

    private let slots = Mutex<[UInt64]>(Array(repeating: 0, count: slotCount))

    func insert(_ pages: [UInt32], of object: ObjectIdentity) {
        let base = object.hashValue
        slots.withLock { slots in
            for page in pages {
                let mark = Self.mark(page, base)
                slots[Self.slot(of: mark)] = mark
            }
        }
    }

    func contains(_ page: UInt32, of object: ObjectIdentity) -> Bool {
        let mark = Self.mark(page, object.hashValue)
        return slots.withLock { $0[Self.slot(of: mark)] } == mark
    }

    /// Never 0, which is an empty slot.
    private static func mark(_ page: UInt32, _ base: Int) -> UInt64 {
        var mixer = SplitMix64(seed: UInt64(bitPattern: Int64(base)) &+ UInt64(page))
        return max(1, mixer.next())
    }

    private static func slot(of mark: UInt64) -> Int { Int(mark % UInt64(slotCount)) }
}
