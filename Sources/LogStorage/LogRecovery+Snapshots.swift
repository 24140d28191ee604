// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore
import SystemPackage

extension LogRecovery {
    /// Reads the newest snapshot that can be read, and checks that the log goes on from it.
    mutating func readSnapshots() throws(LogStorageError) {
        let positions = names.compactMap(SnapshotFile.position(in:)).sorted { $0.index > $1.index }
        var damage: [String] = []
        for position in positions where snapshots.count < LogStorage.snapshotCount {
            let name = SnapshotFile.name(position)
            switch try readSnapshot(name) {
            case .success(let found):
                snapshots.insert(found.metadata, at: 0)
                if state == nil { state = found.state }
            case .failure(let error):
                try refuseIfNewer(error, name, 0)
                damage.append(name)
                note(.snapshotDamaged, name, "\(error)")
            }
        }
        let newest = snapshots.last?.position
        guard window.first <= (newest?.index ?? .zero).next else {
            let found = newest.map { "newest readable: \($0)" } ?? "none is readable"
            let detail = "\(found), the log starts at \(window.first)"
            throw refusal(.snapshotLost, damage.first ?? "snapshot-*", nil, detail)
        }
        guard let newest else {
            if let name = damage.first { throw refusal(.snapshotLost, name, nil, "no other") }
            return
        }
        if !window.continues(newest) {
            note(.staleLog, SnapshotFile.name(newest), "the log ends at \(window.lastIndex)")
            entries = []
        }
        entries.removeAll { $0.index <= newest.index }
    }

    /// Reads the snapshots once more, of a log of which nothing has changed but which there are.
    ///
    /// - Returns: `false`, and nothing is changed, if all has to be read: there are other segments, or no
    ///   snapshot as new as the one known, behind which alone entries were kept.
    mutating func readSnapshotsAgain() throws(LogStorageError) -> Bool {
        let found = try io("list", "") { () throws(Errno) in try directory.names() }
        guard found.filter(isSegment) == names.filter(isSegment) else { return false }
        var again = self
        (again.names, again.snapshots, again.state, again.notes) = (found, [], nil, [])
        try again.readSnapshots()
        let newest = again.snapshots.last?.position.index ?? .zero
        guard newest >= snapshots.last?.position.index ?? .zero else { return false }
        self = again
        return true
    }

    private func isSegment(_ name: String) -> Bool { SegmentHeader.number(in: name) != nil }

    /// Reads one snapshot; damage is an answer, everything else an error.
    private func readSnapshot(
        _ name: String
    ) throws(LogStorageError) -> Result<RecoveredSnapshot, ByteDecodingError> {
        let read = try directory.readable(name) { () throws(Errno) in
            let file = try directory.open(name)
            return try file.read(at: 0, count: try file.byteCount())
        }
        guard let bytes = read else {
            return .failure(.invalid(what: "snapshot that the disk can read", value: 0))
        }
        let header: SnapshotFile
        let state: [UInt8]
        do throws(ByteDecodingError) {
            (header, state) = try SnapshotFile.split(bytes)
        } catch {
            return .failure(error)
        }
        if let finding = identity.finding(on: header.identity) {
            throw refusal(finding, name, 0, "\(header.identity), expected \(identity)")
        }
        guard SnapshotFile.name(header.metadata.position) == name else {
            throw refusal(.misnamed, name, 0, "header says \(header.metadata.position)")
        }
        return .success(RecoveredSnapshot(metadata: header.metadata, state: state))
    }
}
