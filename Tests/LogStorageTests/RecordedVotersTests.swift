// SPDX-License-Identifier: Apache-2.0
import LogStorage
import Primitives
import RaftCore
import SimulationKit
import Testing

/// Who votes, by the files of a log that may be refused.
@Suite struct RecordedVotersTests {
    static func voters(_ nodes: ClosedRange<UInt64>) -> VoterSet {
        VoterSet(
            incoming: nodes.map { node in
                Voter(node: NodeID(node), store: StoreID(UniqueID(high: 6, low: node)))
            }
        )
    }

    static func configuration(_ index: UInt64, _ voters: VoterSet) -> LogModel.Step {
        .write(
            LogWrite(
                sequence: WriteSequence(index),
                hardState: index == 1 ? HardState(term: Term(1), vote: nil) : nil,
                truncateFrom: nil,
                entries: [
                    LogEntry(
                        position: position(index, 1),
                        kind: .configuration,
                        payload: voters.encode()
                    )
                ]
            )
        )
    }

    /// Three voters from the first entry on, four from the fourth.
    static func image() throws -> LogImage {
        try LogImage.make([
            configuration(1, voters(1...3)),
            write(2...3, term: 1, byteCount: 1000),
            configuration(4, voters(1...4)),
            write(5...8, term: 1, byteCount: 600),
        ])
    }

    static func found(_ image: LogImage, _ identity: LogIdentity = ownIdentity) -> RecordedVoters? {
        LogStorage.recordedVoters(in: CrashDirectory(files: image.files), identity: identity)
    }

    @Test func theNewestOnesAreFound() throws {
        let found = try #require(Self.found(try Self.image()))
        #expect(found.index == LogIndex(4))
        #expect(found.voters == Self.voters(1...4))
    }

    @Test func whatStandsBeforeADamageCounts() throws {
        var image = try Self.image()
        // The batch behind the first one: everything from there on is out of the chain.
        image.flip(LogImage.segment(1), 1100)
        #expect(throws: LogStorageError.self) { try image.open() }
        let found = try #require(Self.found(image))
        #expect(found.index == LogIndex(1))
        #expect(found.voters == Self.voters(1...3))
    }

    @Test func aSnapshotsHeaderIsEnough() throws {
        var image = try LogImage.whole()
        for number in 1...3 { image.files[LogImage.segment(number)] = nil }
        image.flip(LogImage.snapshot(14, 1), 900)
        #expect(try #require(Self.found(image)).index == LogIndex(14))
    }

    @Test func anotherStoresFilesAreNotAsked() throws {
        let other = LogIdentity(
            cluster: ownIdentity.cluster,
            store: ownIdentity.store,
            node: NodeID(77)
        )
        #expect(Self.found(try Self.image(), other) == nil)
        #expect(Self.found(LogImage(files: [:])) == nil)
    }
}
