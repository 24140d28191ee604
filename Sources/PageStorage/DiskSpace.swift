// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Keeps count of the blocks below one cache directory, so that they never exceed its capacity.
///
/// Whoever writes reserves the most that the write can take, writes, looks how much it took, and
/// settles. Invariant: allocated + reserved ≤ capacity, from the first reservation on; what the
/// directory holds at the start may exceed it until the store has evicted.
final class DiskSpace: Sendable {
    /// Part of the file system that stays free: one twentieth, 5 %.
    static let freePart: UInt64 = 20

    enum Answer: Equatable {
        case granted
        /// The directory would exceed its capacity.
        case aboveCapacity
        /// The file system would come below its free part.
        case belowFreePart
    }

    private struct Totals {
        var allocated: UInt64 = 0
        var reserved: UInt64 = 0
    }

    let capacity: UInt64
    private let totals = Mutex(Totals())

    init(capacity: UInt64) { self.capacity = capacity }

    var allocated: UInt64 { totals.withLock { $0.allocated } }

    /// Sets bytes aside that a write is going to need; every grant is settled once.
    func reserve(_ byteCount: UInt64, in fileSystem: FileSystemSpace) -> Answer {
        totals.withLock { totals in
            guard totals.allocated + totals.reserved + byteCount <= capacity else {
                return .aboveCapacity
            }
            let mustStayFree = fileSystem.total / Self.freePart
            guard totals.reserved + byteCount + mustStayFree <= fileSystem.available else {
                return .belowFreePart
            }
            totals.reserved += byteCount
            return .granted
        }
    }

    /// Whether a reservation would be granted now.
    func hasRoom(for byteCount: UInt64, in fileSystem: FileSystemSpace) -> Bool {
        guard reserve(byteCount, in: fileSystem) == .granted else { return false }
        settle(from: 0, to: 0, releasing: byteCount)
        return true
    }

    /// Ends a reservation and takes over what files really grew or shrank by.
    func settle(from old: UInt64, to new: UInt64, releasing reservation: UInt64 = 0) {
        totals.withLock { totals in
            totals.reserved -= reservation
            totals.allocated = totals.allocated + new - min(old, totals.allocated + new)
        }
    }
}

/// The blocks of one object's files, counted until nobody can use them any more.
///
/// The store's entry and every open descriptor hold the claim; the last one to let go gives the
/// blocks back, which is exactly when the kernel frees those of an unlinked file.
final class SpaceClaim: Sendable {
    private let space: DiskSpace
    private let claimed = Mutex<UInt64>(0)
    private let isKept = Atomic(false)

    init(space: DiskSpace) { self.space = space }

    deinit {
        if !isKept.load(ordering: .relaxed) { settle(at: 0) }
    }

    var byteCount: UInt64 { claimed.withLock { $0 } }

    /// Leaves the blocks counted for good: the files could not be unlinked.
    func keepForever() { isKept.store(true, ordering: .relaxed) }

    /// Takes over how many bytes the files have allocated by now.
    func settle(at byteCount: UInt64, releasing reservation: UInt64 = 0) {
        claimed.withLock { claimed in
            space.settle(from: claimed, to: byteCount, releasing: reservation)
            claimed = byteCount
        }
    }
}
