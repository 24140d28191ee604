// SPDX-License-Identifier: Apache-2.0
package import Primitives
package import RaftCore
package import SystemPackage

/// Why the log cannot be opened or used.
package enum LogStorageError: Error, Sendable, Equatable {
    /// A call to the operating system failed.
    ///
    /// From a write or sync it is final: nothing is known about the disk, and the process must end.
    case io(IOFailure)
    /// The disk reads no file of the log at all: nothing is known about what they hold.
    case deadDisk(IOFailure)
    /// The disk has no room for another file; everything before is durable.
    ///
    /// Not final: ``LogStorage/resume()`` goes on where a write stopped.
    case full(IOFailure)
    /// Opening found what must not be repaired by guessing.
    case refused(RecoveryRefusal)
    /// There is no log in this directory.
    case missing
    /// There is a log in this directory already.
    case alreadyExists(file: String)
    /// An entry does not follow the last one, or an index that is not there shall be truncated.
    case outOfOrder(expected: LogIndex, found: LogIndex)
    /// An entry of a later term than the hard state's: the term must be durable first.
    case termAhead(entry: LogPosition, hardState: Term)
    /// A term may not decrease, nor a vote be changed or withdrawn within its term.
    case hardStateRegressed(from: HardState, to: HardState)
    /// One entry is larger than a segment holds. Both in bytes.
    case tooLarge(byteCount: Int, limit: Int)
    /// The state does not have the length or checksum that its metadata says.
    case snapshotMismatch(LogPosition)
    /// A snapshot at least as new is there already.
    case snapshotNotNewer(LogPosition, newest: LogPosition)
    /// This snapshot is not kept, or never was; or the range lies outside it.
    case noSuchSnapshot(LogPosition)
    /// An earlier write failed; this object refuses everything since.
    case stopped(IOFailure)
}

/// A failed call to the operating system.
package struct IOFailure: Sendable, Equatable {
    /// What was tried: `write`, `sync`, ….
    package let operation: String
    /// The file's name; empty for the directory itself.
    package let file: String
    package let errno: Errno

    package init(operation: String, file: String, errno: Errno) {
        self.operation = operation
        self.file = file
        self.errno = errno
    }
}

/// Where recovery stopped.
package struct RecoveryRefusal: Sendable, Equatable {
    package let finding: RecoveryFinding
    package let file: String
    /// Where in the file, in bytes; `nil` if it is about the whole file.
    package let offset: Int?
    /// What was found and what was expected.
    package let detail: String

    package init(finding: RecoveryFinding, file: String, offset: Int?, detail: String) {
        self.finding = finding
        self.file = file
        self.offset = offset
        self.detail = detail
    }
}

extension RecoveryRefusal: CustomStringConvertible {
    /// What, which, why, what next.
    package var description: String { "\(facts); \(RecoveryRule.rule(for: finding).nextStep)" }

    /// What, which, why.
    package var facts: String {
        let place = offset.map { " at byte \($0)" } ?? ""
        return "log file \(file)\(place): \(RecoveryRule.rule(for: finding).reason) (\(detail))"
    }
}

extension LogStorageError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .io(let failure), .stopped(let failure):
            "cannot \(failure.operation) log file '\(failure.file)': \(failure.errno)"
        case .deadDisk(let failure):
            "the disk of the log reads nothing ('\(failure.file)': \(failure.errno)): look at it and at "
                + "the way to it (dmesg, smartctl). If it is lost, empty the data directory on a "
                + "new one: with peers the worker joins as a new one"
        case .full(let failure):
            "the disk of the log is full: cannot \(failure.operation) '\(failure.file)'"
        case .refused(let refusal): refusal.description
        case .missing: "there is no log here"
        case .alreadyExists(let file): "there is a log here already: \(file)"
        case .outOfOrder(let expected, let found): "entry \(found) where \(expected) must follow"
        case .termAhead(let entry, let term): "entry \(entry) while the hard state is at \(term)"
        case .hardStateRegressed(let from, let to):
            "hard state \(to.term) vote \(Self.text(to.vote)) after \(from.term) vote "
                + Self.text(from.vote)
        case .tooLarge(let byteCount, let limit):
            "an entry of \(byteCount) bytes where a segment holds \(limit)"
        case .snapshotMismatch(let position):
            "the state of snapshot \(position) is not what its metadata says"
        case .snapshotNotNewer(let position, let newest):
            "snapshot \(position) is not newer than \(newest)"
        case .noSuchSnapshot(let position): "no snapshot \(position), or not that long"
        }
    }

    private static func text(_ vote: NodeID?) -> String { vote.map { "\($0)" } ?? "for nobody" }
}
