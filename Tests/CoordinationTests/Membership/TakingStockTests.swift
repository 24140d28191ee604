// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import LogStorage
import Primitives
import RaftCore
import SystemIO
import SystemPackage
import TestKit
import Testing

/// What a voter's files let it start as.
@Suite struct TakingStockTests {
    private static let node = NodeID(1)

    private static func voters(_ nodes: ClosedRange<UInt64>) -> VoterSet {
        VoterSet(incoming: nodes.map { Voter(node: NodeID($0), store: testStore($0)) })
    }

    /// A voter's data directory; its log names these voters, and its checkpoint those.
    private static func make(
        _ scratch: ScratchDirectory,
        log: ClosedRange<UInt64>?,
        checkpoint: ClosedRange<UInt64>?
    ) throws {
        let directory = try open(scratch)
        try directory.makeLogDirectory()
        let identity = LogIdentity(cluster: testCluster(), store: testStore(1), node: node)
        try LogStorage.create(at: directory.logPath, identity: identity)
        let (storage, _) = try LogStorage.open(at: directory.logPath, identity: identity)
        let payloads = [log.map { voters($0).encode() } ?? [], [UInt8](repeating: 7, count: 3000)]
        for (offset, payload) in payloads.enumerated() {
            let position = LogPosition(term: Term(1), index: LogIndex(UInt64(offset) + 1))
            let kind: LogEntry.Kind = offset == 0 && log != nil ? .configuration : .command
            try storage.write([
                LogWrite(
                    sequence: WriteSequence(UInt64(offset) + 1),
                    hardState: offset == 0 ? HardState(term: Term(1), vote: nil) : nil,
                    truncateFrom: nil,
                    entries: [LogEntry(position: position, kind: kind, payload: payload)]
                )
            ])
        }
        try directory.update {
            $0.membership = .init(cluster: testCluster(), node: node, role: .voter)
        }
        guard let checkpoint else { return }
        var catalog = Catalog()
        _ = catalog.apply(genesis())
        let members = CatalogCommand(operation: .members(voters: checkpoint.map { NodeID($0) }))
        _ = catalog.apply(members)
        try CheckpointFile(directory.path).save(catalog, at: LogIndex(1))
    }

    private static func open(_ scratch: ScratchDirectory) throws -> DataDirectory {
        try DataDirectory(at: scratch.path("data"), name: "w1") { testStore(1) }
    }

    /// Turns a bit over in the last entry that was written.
    private static func damage(_ scratch: ScratchDirectory) throws {
        let path = scratch.path("data").appending("log/segment-0000000000000001")
        let bytes = try File(path, .read).read(at: 0, count: 64 << 10)
        let last = bytes.lastIndex { $0 != 0 } ?? 0
        try File(path, .update).write([bytes[last - 512] ^ 4], at: last - 512)
    }

    private static func isCondemned(_ scratch: ScratchDirectory) -> Bool {
        (try? FileStatus(of: scratch.path("data").appending("condemned"))) != nil
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let log: ClosedRange<UInt64>?
        let checkpoint: ClosedRange<UInt64>?
        /// Voters known then; `nil` where it takes itself for the only one.
        let known: [NodeID]?

        init(
            _ name: String,
            log: ClosedRange<UInt64>?,
            checkpoint: ClosedRange<UInt64>?,
            _ known: ClosedRange<UInt64>?
        ) {
            testDescription = name
            (self.log, self.checkpoint) = (log, checkpoint)
            self.known = known.map { $0.map { NodeID($0) } }
        }
    }

    // swift-format-ignore
    static let rows: [Row] = [
        Row("both name three",           log: 1...3, checkpoint: 1...3, 1...3),
        Row("no checkpoint",             log: 1...3, checkpoint: nil,   1...3),
        Row("nothing readable in the log", log: nil, checkpoint: 1...3, 1...3),
        Row("nobody says who votes",     log: nil,   checkpoint: nil,   nil),
        Row("the only voter",            log: 1...1, checkpoint: 1...1, nil),
        Row("the only voter, no checkpoint", log: 1...1, checkpoint: nil, nil),
    ]

    @Test(arguments: rows) func aRottenLogIsRejected(_ row: Row) throws {
        let scratch = try ScratchDirectory()
        try Self.make(scratch, log: row.log, checkpoint: row.checkpoint)
        try Self.damage(scratch)
        let store = MembershipStore(directory: try Self.open(scratch))
        do throws(MembershipStoreError) {
            let rejected = try store.takeStock()
            #expect(rejected?.voters == row.known)
            #expect(rejected?.refusal.finding == .damagedBatch && store.rejectedLog == rejected)
            #expect(Self.isCondemned(scratch))
        } catch {
            guard case .onlyVoter = error else { throw error }
            #expect(row.known == nil && error.isRefusal)
            #expect(!Self.isCondemned(scratch), "nothing was changed")
        }
    }

    @Test func aWholeLogIsNot() throws {
        let scratch = try ScratchDirectory()
        try Self.make(scratch, log: 1...3, checkpoint: 1...3)
        let store = MembershipStore(directory: try Self.open(scratch))
        #expect(try store.takeStock() == nil && store.rejectedLog == nil)
        #expect(!Self.isCondemned(scratch))
    }

    /// What was found at one start holds at the next, whatever the files say by then.
    @Test func whatWasFoundStays() throws {
        let scratch = try ScratchDirectory()
        try Self.make(scratch, log: 1...3, checkpoint: 1...3)
        try Self.damage(scratch)
        do {
            let store = MembershipStore(directory: try Self.open(scratch))
            #expect(try store.takeStock() != nil)
        }
        try Self.damage(scratch)  // And back.
        let directory = try Self.open(scratch)
        #expect(try MembershipStore(directory: directory).takeStock() != nil)
        // A vote that was taken away: the log is kept for what it promised, and not looked at.
        try directory.update { $0.membership?.role = .formerVoter }
        let store = MembershipStore(directory: directory)
        #expect(try store.takeStock() == nil)
        #expect(try store.giveUp(.damagedBatch, atSeconds: 1, makeStore: { testStore(9) }) == nil)
        #expect(Self.isCondemned(scratch))
        try directory.update { $0.membership?.role = .voter }
        let lost = try store.giveUp(.damagedBatch, atSeconds: 1, makeStore: { testStore(9) })
        #expect(lost?.quarantine == "quarantined-1" && store.store == testStore(9))
        #expect(!Self.isCondemned(scratch))
    }
}
