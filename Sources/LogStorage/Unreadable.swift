// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage

/// What a disk cannot read back: lost like what it reads back wrong, unless it reads nothing at all.
///
/// One bad sector says that the disk has lost something, and another store can be made on it. A disk, or
/// the way to it, that answers every read with an error says nothing about what it holds.
extension Errno {
    /// Whether a read failed for what the medium holds: `EIO`, or a checksum of the file system.
    var isUnreadable: Bool {
        [.ioError, .badMessage, .noData, Errno(rawValue: EUCLEAN)].contains(self)
    }
}

extension LogDirectory {
    /// Whether the disk reads any file of the log but `name`; past the page cache where it can be passed.
    func readsAny(but name: String) -> Bool {
        let names = (try? names()) ?? []
        return names.contains { other in
            guard other != name, Self.isOfLog(other), let file = try? open(other) else {
                return false
            }
            file.forgetCached(upTo: Sector.byteCount)
            return (try? file.read(at: 0, count: Sector.byteCount)) != nil
        }
    }

    /// Whether something was written to the file: the ballast's blocks no disk was ever asked for.
    private static func isOfLog(_ name: String) -> Bool {
        name == HardStateSlots.name || SegmentHeader.number(in: name) != nil
            || SnapshotFile.position(in: name) != nil
    }

    /// Runs a read of `name`; `nil` if the disk cannot give it back although it gives others.
    ///
    /// - Throws: `deadDisk` if it gives none; `io` for every other failure.
    func readable<Result>(
        _ name: String,
        _ body: () throws(Errno) -> Result
    ) throws(LogStorageError) -> Result? {
        do throws(Errno) {
            return try body()
        } catch {
            let failure = IOFailure(operation: "read", file: name, errno: error)
            guard error.isUnreadable else { throw .io(failure) }
            guard readsAny(but: name) else { throw .deadDisk(failure) }
            return nil
        }
    }
}

/// What is said of something that could not be read.
let unreadableDetail = "the disk cannot read it"
