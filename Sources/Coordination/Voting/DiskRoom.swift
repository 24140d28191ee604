// SPDX-License-Identifier: Apache-2.0
import Dispatch
package import LogStorage

/// What the log's disk has room for.
package struct DiskSpace: Sendable, Hashable {
    package var level = DiskLevel.ample
    /// A write waits for space.
    package var isStuck = false
    /// Left on the file system, in bytes, and its size; 0 of 0 before the first look.
    package var available: UInt64 = 0
    package var total: UInt64 = 0

    package init() {}

    /// Whether nothing new may be taken into the log.
    package var isFull: Bool { isStuck || level == .full }

    /// What is left of what, for people.
    var facts: String {
        "\(available >> 20) MiB of \(total >> 20) MiB left"
            + (isStuck ? ", a write waits for space" : "")
    }

    /// Whether people would be told something else.
    func differs(from other: DiskSpace) -> Bool {
        level != other.level || isStuck != other.isStuck
    }
}

/// The log's thread's view of its file system.
struct DiskRoom {
    private var reserve: DiskReserve
    private var lookedAt: DispatchTime?
    private var told = DiskSpace()
    private(set) var isStuck = false

    init(_ reserve: DiskReserve) { self.reserve = reserve }

    /// Everything that was asked for is done.
    mutating func worked() { isStuck = false }

    /// A write found no space; returns whether some was kept back for this, and is there now.
    mutating func foundNone() -> Bool {
        isStuck = true
        lookedAt = nil
        return reserve.release()
    }

    /// What has changed since it was asked last; looks at most once in `intervalMS`.
    mutating func news(everyMS intervalMS: Int) -> DiskSpace? {
        if let lookedAt, lookedAt + .milliseconds(intervalMS) > .now(), told.isStuck == isStuck {
            return nil
        }
        lookedAt = .now()
        // While a write waits, what is there is for it.
        let view = isStuck ? reserve.view : reserve.look()
        var space = DiskSpace()
        space.level = view.level
        space.available = view.available
        space.total = view.total
        space.isStuck = isStuck
        defer { told = space }
        return space.differs(from: told) ? space : nil
    }
}
