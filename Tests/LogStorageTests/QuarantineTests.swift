// SPDX-License-Identifier: Apache-2.0
import LogStorage
import Primitives
import RaftCore
import SystemIO
import SystemPackage
import TestKit
import Testing

/// A voter's store that is given up: what the directory remembers, keeps and refuses.
@Suite struct QuarantineTests {
    static let fresh = StoreID(UniqueID(high: 30, low: 40))
    static let old = Voter(node: NodeID(7), store: DataDirectoryTests.store)

    /// A voter's directory, given up at 1000 s.
    static func giveUp(
        _ scratch: ScratchDirectory,
        atSeconds seconds: UInt64 = 1000
    ) throws -> LostStore {
        try DataDirectoryTests.admit(scratch, .voter)
        return try DataDirectoryTests.open(scratch)
            .replaceStore(.damagedBatch, atSeconds: seconds) { fresh }.lost
    }

    @Test func aNewStoreTakesTheOldOnesPlace() throws {
        let scratch = try ScratchDirectory()
        let lost = try Self.giveUp(scratch)
        #expect(
            lost
                == LostStore(
                    cluster: DataDirectoryTests.cluster,
                    voter: Self.old,
                    finding: .damagedBatch,
                    quarantine: "quarantined-1000"
                )
        )
        let directory = try DataDirectoryTests.open(scratch)
        #expect(directory.opening == .lostStore(lost))
        #expect(directory.identity == StoreIdentity(store: Self.fresh, name: "w1", lost: lost))
        let names = try Directory.names(in: scratch.path("data"))
        #expect(names == ["identity", "lock", "quarantined-1000"])
        let kept = try Directory.names(in: scratch.path("data").appending(lost.quarantine))
        #expect(kept.contains("hard-state"))
    }

    @Test func itKeepsItsName() throws {
        let scratch = try ScratchDirectory()
        _ = try Self.giveUp(scratch)
        #expect(
            throws: DataDirectoryError.renamed(
                path: scratch.path("data").string,
                recorded: "w1",
                configured: "w2"
            )
        ) { try DataDirectoryTests.open(scratch, name: "w2") }
    }

    /// The identity counts: a start that finds the log still in its place goes on.
    @Test func aMoveThatWasCutOffIsFinished() throws {
        let scratch = try ScratchDirectory()
        let lost = try Self.giveUp(scratch)
        let (data, log) = (scratch.path("data"), scratch.path("data").appending("log"))
        try Directory.rename(data.appending(lost.quarantine), to: log)
        #expect(try DataDirectoryTests.open(scratch).opening == .lostStore(lost))
        #expect(try Directory.names(in: data).contains(lost.quarantine))
        #expect(try !Directory.names(in: data).contains("log"))

        // A log that is made later is the new store's, and stays.
        try DataDirectoryTests.open(scratch).makeLogDirectory()
        #expect(try DataDirectoryTests.open(scratch).opening == .lostStore(lost))
        #expect(try Directory.names(in: data).contains("log"))
    }

    @Test func theNewestTwoAreKept() throws {
        let scratch = try ScratchDirectory()
        let names = try (0..<4).map { _ in
            try Self.giveUp(scratch, atSeconds: 500).quarantine
        }
        #expect(names == (0..<4).map { "quarantined-\(500 + $0)" })
        let kept = try DataDirectory.quarantines(at: scratch.path("data"))
        #expect(kept == ["quarantined-502", "quarantined-503"])
    }
}
