// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore
import Synchronization
import SystemPackage

/// How far a log has been written and synced, for whoever reads its files meanwhile.
package final class LogTail: Sendable {
    struct Position: Equatable {
        /// Number of the segment that is being written.
        var segment: UInt64
        /// Where its next batch goes, in bytes: everything before is durable.
        var end: Int
        /// The log's first entry, or the one that would be; 1 as long as no snapshot stands for any.
        var first = LogIndex(1)
    }

    private let position: Mutex<Position>

    init(_ position: Position) { self.position = Mutex(position) }

    var current: Position { position.withLock { $0 } }

    func moved(to segment: UInt64, end: Int) {
        position.withLock { ($0.segment, $0.end) = (segment, end) }
    }

    func starts(at first: LogIndex) { position.withLock { $0.first = first } }
}

/// Reads a log's files again, one a turn, while the log is in use; finds what a disk has lost since.
///
/// Past the page cache, which remembers what the disk may have forgotten. What it says of the last
/// segment is more than opening can know: everything up to ``LogTail`` was durable, so a sector that is
/// missing there is no torn batch. Only reads.
package struct LogScrub {
    /// One file that is not what was written.
    package struct Damage: Sendable, Hashable {
        package fileprivate(set) var finding: RecoveryFinding
        package let file: String
        package let detail: String

        /// Whether no opening could repair it: then it stays until the log has dropped the file.
        package var isRot: Bool { RecoveryRule.rule(for: finding).isRot }

        /// The same as opening the log would put it.
        package var refusal: RecoveryRefusal {
            RecoveryRefusal(finding: finding, file: file, offset: nil, detail: detail)
        }
    }

    /// What one turn came to.
    package struct Turn: Sendable, Equatable {
        /// The segment or snapshot that was read; `nil` if there was none.
        package let file: String?
        /// Everything that was read, in bytes.
        package let byteCount: Int
        /// All files known to be damaged now, by name.
        package let damage: [Damage]
    }

    /// Bytes read at a time.
    package static let chunkByteCount = 1 << 20

    private let directory: any LogDirectory
    private let identity: LogIdentity
    private let tail: LogTail
    private var last = ""
    private var damage: [String: Damage] = [:]

    /// A scrub of the log that `tail` belongs to.
    package init(
        in directory: any LogDirectory,
        identity: LogIdentity,
        tail: LogTail
    ) {
        self.directory = directory
        self.identity = identity
        self.tail = tail
    }

    /// Reads the hard state, and the next segment or snapshot in turn.
    ///
    /// What looks damaged is read once more before it counts, and so is what cannot be read.
    /// - Parameter pace: Told how many bytes were read, after each piece: it may wait.
    /// - Returns: What was read and found.
    /// - Throws: `deadDisk` where no file can be read; `io` for what is not the medium's fault; the next
    ///   turn goes on behind the file it was about.
    package mutating func turn(pace: (Int) -> Void) throws(LogStorageError) -> Turn {
        let names = try listNames()
        let files = names.filter {
            SegmentHeader.number(in: $0) != nil || SnapshotFile.position(in: $0) != nil
        }
        damage = damage.filter { names.contains($0.key) }
        let next = files.first { $0 > last } ?? files.first
        last = next ?? ""
        var byteCount = try look(at: HardStateSlots.name, pace)
        if let next { byteCount += try look(at: next, pace) }
        let snapshots = files.filter { SnapshotFile.position(in: $0) != nil }
        if tail.current.first > LogIndex(1), snapshots.allSatisfy({ damage[$0] != nil }) {
            for name in snapshots { damage[name]?.finding = .snapshotLost }  // No other is left.
        }
        let found = damage.keys.sorted().compactMap { damage[$0] }
        return Turn(file: next, byteCount: byteCount, damage: found)
    }

    /// Checks one file, twice if need be; returns how much was read.
    private mutating func look(
        at name: String,
        _ pace: (Int) -> Void
    ) throws(LogStorageError) -> Int {
        var byteCount = 0
        var found: Damage?
        for _ in 0..<2 {
            let position = tail.current
            switch try read(name, position, pace) {
            case .gone:
                found = nil
            case .unreadable:
                found = unreadable(name, position)
            case .bytes(let bytes):
                byteCount += bytes.count
                found = damage(of: bytes, name, position)
            }
            if found == nil { break }
        }
        // Who has lost something once is not believed again.
        if found == nil, damage[name]?.isRot == true { return byteCount }
        damage[name] = found
        return byteCount
    }

    // MARK: - Reading

    private enum Content {
        /// Removed meanwhile, or not begun.
        case gone
        case unreadable
        case bytes([UInt8])
    }

    private func listNames() throws(LogStorageError) -> [String] {
        do throws(Errno) {
            return try directory.names()
        } catch {
            throw .io(IOFailure(operation: "list", file: "", errno: error))
        }
    }

    /// All of a file, or of the last segment what is durable.
    private func read(
        _ name: String,
        _ position: LogTail.Position,
        _ pace: (Int) -> Void
    ) throws(LogStorageError) -> Content {
        let number = SegmentHeader.number(in: name)
        if let number, number > position.segment { return .gone }
        do throws(Errno) {
            let file = try directory.open(name)
            let byteCount = number == position.segment ? position.end : try file.byteCount()
            file.forgetCached(upTo: byteCount)
            guard name != HardStateSlots.name else { return .bytes(try readSlots(file, pace)) }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(byteCount)
            while bytes.count < byteCount {
                let count = min(Self.chunkByteCount, byteCount - bytes.count)
                let piece = try file.read(at: bytes.count, count: count)
                if piece.isEmpty { break }
                bytes += piece
                pace(piece.count)
            }
            return .bytes(bytes)
        } catch {
            if error == .noSuchFileOrDirectory { return .gone }
            _ = try directory.readable(name) { () throws(Errno) in throw error }
            return .unreadable
        }
    }

    /// Each slot for itself: one that cannot be read is zeros, which no slot is.
    private func readSlots(_ file: any LogFile, _ pace: (Int) -> Void) throws(Errno) -> [UInt8] {
        let count = HardStateSlots.slotByteCount
        var slots: [[UInt8]?] = []
        var failure: Errno?
        for start in [0, count] {
            do throws(Errno) {
                slots.append(try file.read(at: start, count: count))
                pace(count)
            } catch {
                guard error.isUnreadable else { throw error }
                slots.append(nil)
                failure = error
            }
        }
        if let failure, slots.allSatisfy({ $0 == nil }) { throw failure }
        return slots.flatMap { $0 ?? [UInt8](repeating: 0, count: count) }
    }

    // MARK: - Judging

    /// What stands in a file that the disk cannot read may be any of what was durable.
    private func unreadable(_ name: String, _ position: LogTail.Position) -> Damage {
        let finding: RecoveryFinding =
            if let number = SegmentHeader.number(in: name) {
                number == position.segment ? .damagedBatch : .damagedSegment
            } else {
                name == HardStateSlots.name ? .hardStateLost : .snapshotDamaged
            }
        return Damage(finding: finding, file: name, detail: unreadableDetail)
    }

    private func damage(
        of bytes: [UInt8],
        _ name: String,
        _ position: LogTail.Position
    ) -> Damage? {
        if name == HardStateSlots.name { return damage(ofHardState: bytes) }
        if let number = SegmentHeader.number(in: name) {
            let end = number == position.segment ? position.end : nil
            return damage(ofSegment: number, bytes, durableUpTo: end)
        }
        do throws(ByteDecodingError) {
            let (header, _) = try SnapshotFile.split(bytes)
            guard let finding = identity.finding(on: header.identity) else { return nil }
            return Damage(finding: finding, file: name, detail: "\(header.identity)")
        } catch {
            return Damage(finding: .snapshotDamaged, file: name, detail: "\(error)")
        }
    }

    /// A slot that is just being written reads as damaged; not twice, for it is 4 KiB.
    private func damage(ofHardState bytes: [UInt8]) -> Damage? {
        var problems: [String] = []
        for start in [0, HardStateSlots.slotByteCount] {
            let slot = bytes.dropFirst(start).prefix(HardStateSlots.slotByteCount)
            do throws(ByteDecodingError) {
                _ = try HardStateSlots.decode(Array(slot))
            } catch {
                problems.append("slot at byte \(start): \(error)")
            }
        }
        guard !problems.isEmpty else { return nil }
        return Damage(
            finding: problems.count == 2 ? .hardStateLost : .oneSlotLost,
            file: HardStateSlots.name,
            detail: problems.joined(separator: ", ")
        )
    }

    /// `end` is where the durable part of the last segment ends; others have a successor.
    private func damage(
        ofSegment number: UInt64,
        _ bytes: [UInt8],
        durableUpTo end: Int?
    ) -> Damage? {
        func damage(_ finding: RecoveryFinding, _ detail: String) -> Damage {
            Damage(finding: finding, file: SegmentHeader.name(number), detail: detail)
        }
        let header: SegmentHeader
        do throws(ByteDecodingError) {
            header = try SegmentHeader(decoding: Array(bytes.prefix(Sector.byteCount)))
        } catch {
            return damage(.damagedHeader, "\(error)")
        }
        if let finding = identity.finding(on: header.identity) {
            return damage(finding, "\(header.identity)")
        }
        guard header.number == number else {
            return damage(.misnamed, "header says \(header.number)")
        }
        let expected = end ?? header.byteCount
        guard bytes.count == expected, expected % Sector.byteCount == 0 else {
            return damage(.wrongLength, "\(bytes.count) bytes of \(expected)")
        }
        let scan = SegmentScan(bytes, header: header)
        if let end {
            guard scan.finding != nil || scan.end != end else { return nil }
            return damage(.damagedBatch, "durable up to \(end), whole up to \(scan.end)")
        }
        guard let finding = scan.finding else { return nil }
        return damage(
            finding == .damagedBatch ? .damagedSegment : .unfinishedSegment,
            "byte \(scan.end): \(scan.detail)"
        )
    }
}
