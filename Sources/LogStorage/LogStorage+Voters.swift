// SPDX-License-Identifier: Apache-2.0
package import Primitives
package import RaftCore
package import SystemPackage

/// A set of voters that a log's files name, and the entry that made it so.
package struct RecordedVoters: Sendable, Equatable {
    package let index: LogIndex
    package let voters: VoterSet
}

extension LogStorage {
    /// The newest set of voters that any file of a log names; `nil` if none can be read.
    ///
    /// For a log that is refused: each file is asked for itself, and tells what it holds before its
    /// first damage. A later set may be lost, and the one found may never have been committed.
    package static func recordedVoters(
        at path: FilePath,
        identity: LogIdentity
    ) -> RecordedVoters? {
        recordedVoters(in: FileLogDirectory(path), identity: identity)
    }

    /// As ``recordedVoters(at:identity:)``, in any directory.
    package static func recordedVoters(
        in directory: any LogDirectory,
        identity: LogIdentity
    ) -> RecordedVoters? {
        let names = (try? directory.names()) ?? []
        var newest: RecordedVoters?
        for name in names {
            let found =
                SnapshotFile.position(in: name) != nil
                ? voters(ofSnapshot: name, directory, identity)
                : SegmentHeader.number(in: name) != nil
                    ? voters(ofSegment: name, directory, identity) : nil
            if let found, found.index >= newest?.index ?? .zero { newest = found }
        }
        return newest
    }

    /// By its header alone: the state may be damaged.
    private static func voters(
        ofSnapshot name: String,
        _ directory: any LogDirectory,
        _ identity: LogIdentity
    ) -> RecordedVoters? {
        guard let file = try? directory.open(name),
            let start = try? file.read(at: 0, count: SnapshotFile.startByteCount),
            let byteCount = try? SnapshotFile.headerByteCount(start: start),
            let block = try? file.read(at: 0, count: byteCount),
            let header = try? SnapshotFile(decodingHeader: block),
            header.identity == identity
        else { return nil }
        return RecordedVoters(
            index: header.metadata.position.index,
            voters: header.metadata.voters
        )
    }

    private static func voters(
        ofSegment name: String,
        _ directory: any LogDirectory,
        _ identity: LogIdentity
    ) -> RecordedVoters? {
        guard let file = try? directory.open(name),
            let sector = try? file.read(at: 0, count: Sector.byteCount),
            let header = try? SegmentHeader(decoding: sector), header.identity == identity,
            let bytes = try? file.read(at: 0, count: header.byteCount),
            bytes.count == header.byteCount, bytes.count % Sector.byteCount == 0
        else { return nil }
        let records = SegmentScan(bytes, header: header).batches.flatMap(\.records)
        for case .entry(let entry) in records.reversed() where entry.kind == .configuration {
            guard let voters = try? VoterSet(decoding: entry.payload) else { continue }
            return RecordedVoters(index: entry.index, voters: voters)
        }
        return nil
    }
}
