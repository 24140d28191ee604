// SPDX-License-Identifier: Apache-2.0
import Glibc
import Primitives
package import SystemIO
package import SystemPackage

/// How much room the file system of a log has left, as far as something is done about it.
package enum DiskLevel: Int, Comparable, Sendable, CaseIterable {
    case ample = 0
    /// 90 %: people are told.
    case low
    /// 95 %: no second snapshot is kept.
    case tight
    /// 98 %: nothing new is taken into the log.
    case full

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }

    /// Per mille of the file system in use from which on a level holds, and bytes left below which.
    ///
    /// Both must hold: the percentages are for disks of a size that people watch (`etcd` has one
    /// quota, Kafka's and Elasticsearch's watermarks are percentages); 2 % of a disk of 10 TB are 200
    /// GB, for which no log needs to stop. A log is at most two snapshots of 512 MiB and their drafts,
    /// and some segments of 4 MiB.
    private var threshold: (perMille: UInt64, bytes: UInt64) {
        switch self {
        case .ample: (0, .max)
        case .low: (900, 16 << 30)
        case .tight: (950, 4 << 30)
        case .full: (980, 1 << 30)
        }
    }

    /// What is left below ``full`` before a full disk counts as no longer full: 1 %.
    private static let hysteresisPerMille: UInt64 = 10

    /// The level of a file system of `total` bytes with `available` left, coming from `self`.
    package func next(total: UInt64, available: UInt64) -> DiskLevel {
        guard total > 0 else { return .ample }
        let used = total - min(available, total)
        let share = total.dividingFullWidth(used.multipliedFullWidth(by: 1000)).quotient
        return Self.allCases.last { level in
            let (limit, bytes) = level.threshold
            let slack = level <= self && level > .ample ? Self.hysteresisPerMille : 0
            return share + slack >= limit && available < bytes
        } ?? .ample
    }
}

/// Space kept back on the log's file system, to have some left when there is none.
///
/// A file that holds blocks and nothing else: 64 MiB, or a 32nd of the file system where that is less, but
/// never less than a start needs on a full disk, unless that is more than a quarter of all; nothing below
/// 1 MiB. Released when a write finds no space, made again when there is some.
package struct DiskReserve {
    /// What was seen last.
    package struct View: Sendable, Equatable {
        package var level = DiskLevel.ample
        /// Left for the log, in bytes, the reserve made whole before.
        package var available: UInt64 = 0
        package var total: UInt64 = 0

        package init() {}
    }

    package static let name = "ballast"
    private static let most = 64 << 20
    private static let least = 1 << 20

    /// What a start drafts besides a copy of the last segment: hard state, identity, a note; with room
    /// for what the file system needs to know of them.
    private static let besides = 128 << 10

    private let path: FilePath
    private let segmentByteCount: Int
    private let space: (FilePath) throws(Errno) -> FileSystemSpace
    package private(set) var view = View()

    /// The reserve of the log in `directory`; `space` is replaced by tests.
    package init(
        _ directory: FilePath,
        segmentByteCount: Int,
        space: @escaping (FilePath) throws(Errno) -> FileSystemSpace = {
            path throws(Errno) in try FileSystemSpace(of: path)
        }
    ) {
        path = directory.appending(Self.name)
        self.segmentByteCount = segmentByteCount
        self.space = space
    }

    /// Bytes to keep back on a file system of `total` bytes for a log of such segments.
    package static func byteCount(ofTotal total: UInt64, segmentByteCount: Int) -> Int {
        let share = min(Int(clamping: total / 32), most)
        let needed = segmentByteCount + besides
        let wanted = needed <= Int(clamping: total / 4) ? max(share, needed) : share
        return wanted < least ? 0 : wanted
    }

    /// Looks at the file system; makes the reserve again where that leaves the log enough.
    ///
    /// A look that fails changes nothing: what matters of a file system that does not answer is said by
    /// the next write.
    package mutating func look() -> View {
        guard let space = try? space(path.removingLastComponent()) else { return view }
        let wanted = Self.byteCount(ofTotal: space.total, segmentByteCount: segmentByteCount)
        let held = heldByteCount
        let missing = UInt64(max(0, wanted - held))
        let available = space.available - min(space.available, missing)
        view.total = space.total
        view.available = available
        view.level = view.level.next(total: space.total, available: available)
        if missing > 0, view.level < .full { make(wanted) }
        return view
    }

    /// Gives the space back; returns whether there was any.
    package func release() -> Bool { Self.release(in: path.removingLastComponent()) }

    /// Gives back the space kept in `directory`; returns whether there was any.
    package static func release(in directory: FilePath) -> Bool {
        (try? Directory.unlink(directory.appending(name))) != nil
    }

    private var heldByteCount: Int { (try? FileStatus(of: path))?.byteCount ?? 0 }

    /// A reserve that cannot be made is none; the next look tries again.
    private func make(_ byteCount: Int) {
        do throws(Errno) {
            let file = try File(path, .updateOrCreate)
            try file.truncate(to: 0)
            try file.allocate(offset: 0, byteCount: byteCount)
        } catch {
            _ = release()
        }
    }
}
