// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import Coordination
import Primitives
import RaftCore
import Testing

/// Goal: only what a member of this consensus, or a worker of the catalog, sent to this worker is taken.
@Suite struct ConsensusDatagramsTests {
    private static func voter(_ node: UInt64, store: UInt64) -> Voter {
        Voter(node: NodeID(node), store: StoreID(UniqueID(high: 9, low: store)))
    }

    private static func cluster(_ number: UInt64) -> ClusterID {
        ClusterID(UniqueID(high: 7, low: number))
    }

    struct Case: Sendable {
        let sender: Voter
        let receiver: Voter
        var cluster: UInt64 = 1
        var change: @Sendable ([UInt8]) -> [UInt8] = { $0 }
        /// Whom the log names; nobody right after an enlistment.
        var members = ConsensusDatagramsTests.members
        let outcome: ConsensusDatagrams.Outcome?
    }

    /// As the catalog has its workers.
    private static func worker(_ node: UInt64, store: UInt64) -> Voter {
        Voter(node: NodeID(node), store: testStore(store))
    }

    private static let catalog = {
        var catalog = Catalog()
        _ = catalog.apply(genesis())
        return catalog
    }()

    private static let me = voter(1, store: 1)
    private static let members = [me, voter(2, store: 2), voter(3, store: 3)]

    // swift-format-ignore
    static let cases: [Case] = [
        Case(sender: voter(2, store: 2), receiver: me, outcome: nil),
        Case(sender: worker(2, store: 2), receiver: me, members: [], outcome: nil),
        Case(sender: worker(2, store: 3), receiver: me, members: [], outcome: .stranger),
        Case(sender: worker(4, store: 4), receiver: me, members: [], outcome: .stranger),
        Case(sender: voter(2, store: 2), receiver: me, members: [], outcome: .stranger),
        Case(sender: voter(2, store: 8), receiver: me, outcome: .stranger),      // Its disk before.
        Case(sender: voter(4, store: 4), receiver: me, outcome: .stranger),      // No member.
        Case(sender: me, receiver: me, outcome: .stranger),
        Case(sender: voter(2, store: 2), receiver: voter(3, store: 3), outcome: .misdirected),
        Case(sender: voter(2, store: 2), receiver: voter(1, store: 8), outcome: .misdirected),
        Case(sender: voter(2, store: 2), receiver: me, cluster: 2, outcome: .unreadable),
        Case(sender: voter(2, store: 2), receiver: me, change: { $0.dropLast() }, outcome: .unreadable),
        Case(sender: voter(2, store: 2), receiver: me, change: { $0 + [0] }, outcome: .unreadable),
        Case(sender: voter(2, store: 2), receiver: me, change: { _ in [] }, outcome: .unreadable),
        Case(sender: voter(2, store: 2), receiver: me, change: { Array("TRN1".utf8) + $0.dropFirst(4) },
             outcome: .unreadable),
    ]

    private static let message = RaftMessage(
        term: Term(3),
        body: .appendReply(.accepted(LogIndex(5)))
    )

    @Test(arguments: cases)
    func strangersAndStraysAreRefused(one: Case) throws {
        let message = Self.message
        let there = ConsensusDatagrams()
        let here = ConsensusDatagrams()
        let (sealed, suffice) = there.seal(
            message,
            from: one.sender,
            to: one.receiver,
            in: Self.cluster(one.cluster)
        )
        #expect(suffice && sealed.count == 1)
        let bytes = one.change(try #require(sealed.first))
        var found: ConsensusDatagrams.Outcome?
        do throws(ConsensusDatagrams.Outcome) {
            let datagram = try here.open(
                bytes,
                as: Self.me,
                of: one.members,
                or: Self.catalog,
                in: Self.cluster(1)
            )
            #expect(datagram.message == message && datagram.sender == one.sender)
        } catch {
            found = error
        }
        #expect(found == one.outcome)
    }

    /// Entries 2 to 5 and the like, in the order in which they are handed over.
    // swift-format-ignore
    static let handovers: [(term: UInt64, entries: ClosedRange<UInt64>, voter: UInt64, wereHanded: Bool)] = [
        (3, 2...5, 2, false),
        (3, 2...5, 2, true),
        (3, 3...5, 2, true),
        (3, 4...6, 2, false),   // One of them is new.
        (3, 2...5, 3, false),   // To another.
        (4, 2...5, 2, false),   // In another term they may be others.
        (4, 2...4, 2, true),
    ]

    @Test func whatAConnectionHoldsItIsNotHandedAgain() {
        let datagrams = ConsensusDatagrams()
        for (term, entries, node, wereHanded) in Self.handovers {
            let request = AppendRequest(
                previous: LogPosition(term: Term(1), index: LogIndex(entries.lowerBound - 1)),
                entries: entries.map { index in
                    LogEntry(
                        position: LogPosition(term: Term(1), index: LogIndex(index)),
                        kind: .command,
                        payload: []
                    )
                },
                commit: .zero
            )
            let append = RaftMessage(term: Term(term), body: .append(request))
            let voter = Self.voter(node, store: node)
            #expect(datagrams.wereHanded(append, to: voter) == wereHanded, "\(term) \(entries)")
            #expect(!datagrams.wereHanded(Self.message, to: voter), "no entries")
        }
    }

    @Test func whatBecameOfThemIsCounted() {
        let datagrams = ConsensusDatagrams()
        for outcome in [ConsensusDatagrams.Outcome.sent, .stranger, .sent] {
            datagrams.count(outcome)
        }
        let counts = datagrams.counts
        #expect(counts.map(\.outcome) == ConsensusDatagrams.Outcome.allCases)
        #expect(counts.map(\.count) == [2, 0, 0, 1, 0])
    }
}
