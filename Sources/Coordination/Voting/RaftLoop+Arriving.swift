// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore
import SystemPackage

/// What the file of an arriving snapshot holds.
enum KeptArrival {
    /// Something of an earlier start, perhaps.
    case unknown
    case nothing
    case part(SnapshotMetadata, byteCount: Int)
    /// It could not be written: for lack of room, most likely.
    case givenUp(SnapshotMetadata)
}

/// Keeping what arrives of a leader's snapshot, so that a restart goes on with it.
///
/// Beside the loop, one piece at a time: while one is written the next ones gather. A disk that fails to
/// keep it costs no more than the bytes: they are asked for again after a restart.
extension RaftLoop {
    mutating func keepArriving() {
        guard let file = arrivals, !isKeeping else { return }
        guard let (metadata, byteCount) = core.arriving else { return keepNothing(file) }
        var start = 0
        var isNew = true
        switch kept {
        case .givenUp(metadata): return
        case .part(metadata, let count): (start, isNew) = (count, false)
        case .unknown, .nothing, .part, .givenUp: break
        }
        let bytes = byteCount > start ? core.arrived(from: start) : []
        guard !bytes.isEmpty else { return }  // None, too, while it is being installed.
        kept = .part(metadata, byteCount: start + bytes.count)
        keep { [isNew] () throws(Errno) in
            if isNew { try file.begin(metadata) }
            try file.append(bytes)
        }
    }

    /// The snapshot is installed, or a leader's log made it needless.
    private mutating func keepNothing(_ file: ArrivingSnapshotFile) {
        if case .nothing = kept { return }
        kept = .nothing
        keep { () throws(Errno) in try file.remove() }
    }

    private mutating func keep(_ write: @escaping @Sendable () throws(Errno) -> Void) {
        isKeeping = true
        prepare { [arrivals] in
            do throws(Errno) {
                try write()
                return .prepared(.kept(isWritten: true))
            } catch {
                try? arrivals?.remove()
                return .prepared(.kept(isWritten: false))
            }
        }
    }

    mutating func keptArriving(isWritten: Bool) {
        isKeeping = false
        if !isWritten, case .part(let metadata, byteCount: _) = kept { kept = .givenUp(metadata) }
    }
}
