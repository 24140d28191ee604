// SPDX-License-Identifier: Apache-2.0
import LogStorage
import Primitives
import RaftCore
import SystemIO
import SystemPackage
import TestKit
import Testing

/// A voter's store that goes over to the cluster that its own goes on in.
@Suite struct SuccessionTests {
    static let next = ClusterID(UniqueID(high: 50, low: 60))
    static let membership = StoreIdentity.Membership(cluster: next, node: NodeID(7), role: .voter)
    static let owner = LogIdentity(
        cluster: next,
        store: DataDirectoryTests.store,
        node: NodeID(7)
    )
    static let state: [UInt8] = Array("the first state".utf8)
    static let snapshot = SnapshotMetadata(
        position: LogPosition(term: Term(9), index: LogIndex(1 << 33)),
        voters: VoterSet(incoming: [Voter(node: NodeID(7), store: DataDirectoryTests.store)]),
        byteCount: UInt64(state.count),
        checksum: CRC32C.checksum(state)
    )

    static func prepare(_ directory: DataDirectory) throws {
        try LogStorage.found(
            at: try directory.prepareSuccession(),
            identity: owner,
            on: snapshot,
            state: state,
            options: tiny()
        )
    }

    /// A voter's directory that has gone over.
    static func succeeded(_ scratch: ScratchDirectory) throws {
        try DataDirectoryTests.admit(scratch, .voter)
        let directory = try DataDirectoryTests.open(scratch)
        try prepare(directory)
        try directory.succeed(as: membership, atSeconds: 1000)
        #expect(directory.identity.membership == membership)
    }

    static func expectNewLog(_ scratch: ScratchDirectory) throws {
        let directory = try DataDirectoryTests.open(scratch)
        #expect(directory.identity.membership == membership)
        let log = try LogStorage.read(at: directory.logPath, identity: owner, options: tiny())
        #expect(log.hardState == HardState(term: Term(9), vote: nil))
        #expect(log.snapshot?.metadata == snapshot && log.snapshot?.state == state)
        #expect(log.entries.isEmpty)
        let names = try Directory.names(in: scratch.path("data"))
        #expect(names.count == 4 && names.prefix(3) == ["identity", "lock", "log"])
        #expect(names[3].hasPrefix("quarantined-"), "the old log is kept: \(names)")
    }

    @Test func theNewLogTakesTheOldOnesPlaceAndTheOldOneIsKept() throws {
        let scratch = try ScratchDirectory()
        try Self.succeeded(scratch)
        try Self.expectNewLog(scratch)
        let old = try LogStorage.read(
            at: scratch.path("data").appending("quarantined-1000"),
            identity: LogIdentity(
                cluster: DataDirectoryTests.cluster,
                store: DataDirectoryTests.store,
                node: NodeID(7)
            ),
            options: tiny()
        )
        #expect(old.hardState == .initial)
    }

    /// Before the identity is there nothing has happened, however far the log is.
    @Test func whatWasOnlyPreparedChangesNothing() throws {
        let scratch = try ScratchDirectory()
        try DataDirectoryTests.admit(scratch, .voter)
        try Self.prepare(try DataDirectoryTests.open(scratch))
        let directory = try DataDirectoryTests.open(scratch)
        #expect(directory.identity.membership?.cluster == DataDirectoryTests.cluster)
        try Self.prepare(directory)  // Again, from the beginning.
        try directory.succeed(as: Self.membership, atSeconds: 1000)
    }

    /// Goal: wherever the power goes between the names, the next start ends at the new cluster.
    ///
    /// Method: a directory that has gone over is put back, step by step, to what it was before each
    /// renaming.
    @Test(arguments: 1...3) func whatWasCutOffIsFinished(stepsLeft: Int) throws {
        let scratch = try ScratchDirectory()
        try Self.succeeded(scratch)
        let data = scratch.path("data")
        let identity = try File(data.appending("identity"), .read).read(at: 0, count: 1 << 16)
        let file = try File(data.appending("identity.next"), .create)
        try file.write(identity, at: 0)
        if stepsLeft >= 2 {
            try Directory.rename(data.appending("log"), to: data.appending("log.next"))
        }
        if stepsLeft >= 3 {
            try Directory.rename(data.appending("quarantined-1000"), to: data.appending("log"))
        }
        try Self.expectNewLog(scratch)
    }

    @Test func copiesOfTheCatalogDoNotStopAFreshStore() throws {
        let scratch = try ScratchDirectory()
        _ = try DataDirectoryTests.open(scratch)
        try Directory.unlink(scratch.path("data").appending("identity"))
        try Directory.create(scratch.path("data").appending(DataDirectory.backupsName))
        #expect(try DataDirectoryTests.open(scratch).opening == .fresh)
    }
}
