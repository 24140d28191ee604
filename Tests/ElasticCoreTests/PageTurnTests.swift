// SPDX-License-Identifier: Apache-2.0
import Codecs
import ElasticCore
import Primitives
import Testing

/// What a worker without the page does, by its ring and the reader's: owners 9 2 3 by epoch 7.
struct PageTurnTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let me: UInt64
        let mode: PageReadRequest.Mode
        let epoch: UInt64
        let suspects: [UInt64]
        let heir: UInt64?
    }

    // swift-format-ignore
    static let cases: [Case] = [
        //                         me  mode             reader's  in doubt  heir
        row("its own",              9, .read,           6,        [],       nil),
        row("an old reader",        2, .read,           6,        [],       9),
        row("a reader who knew",    2, .read,           7,        [],       nil),
        row("a newer reader",       2, .read,           8,        [],       nil),
        row("handed on before",     2, .forwarded,      6,        [],       nil),
        row("looked for",           2, .takeOver,       6,        [],       nil),
        row("only what is there",   2, .readIfPresent,  6,        [],       nil),
        row("an heir in doubt",     2, .read,           6,        [9],      nil),
        row("no owner at all",      5, .read,           6,        [2],      9),
    ]

    private static func row(
        _ name: String,
        _ me: UInt64,
        _ mode: PageReadRequest.Mode,
        _ epoch: UInt64,
        _ suspects: [UInt64],
        _ heir: UInt64?
    ) -> Case {
        Case(
            testDescription: name,
            me: me,
            mode: mode,
            epoch: epoch,
            suspects: suspects,
            heir: heir
        )
    }

    private static func request(_ mode: PageReadRequest.Mode, epoch: UInt64) -> PageReadRequest {
        PageReadRequest(
            mode: mode,
            epoch: RingEpoch(epoch),
            region: "ap",
            mount: "/m",
            origin: OriginID(1),
            key: "k",
            version: "v",
            objectByteCount: 10,
            modifiedUnixNS: 0,
            page: 0,
            range: 0..<10,
            readAhead: 5
        )
    }

    @Test(arguments: cases) func handingOn(_ row: Case) {
        let turn = PageTurn(HolderSearchTests.route(), at: NodeID(row.me))
        let request = Self.request(row.mode, epoch: row.epoch)
        let heir = turn.heir(of: request) { row.suspects.contains($0.rawValue) }
        #expect(heir?.node.rawValue == row.heir)
    }

    @Test func whatIsHandedOnHasTheNewEpoch() {
        let turn = PageTurn(HolderSearchTests.route(), at: NodeID(2))
        let forwarded = turn.handedOn(Self.request(.read, epoch: 6))
        #expect(forwarded.mode == .forwarded)
        #expect(forwarded.epoch == RingEpoch(7))
    }

    @Test func aLookupHasTheEpochOfItsClaim() {
        let standing = FillStanding(epoch: RingEpoch(5), isFirstOwner: true)
        let lookup = Self.request(.read, epoch: 6).lookup(standing)
        #expect(lookup.mode == .takeOver)
        #expect(lookup.epoch == RingEpoch(5))
        #expect(lookup.readAhead == 0)
    }

    // swift-format-ignore
    static let offers: [(me: UInt64, replicas: Int, epoch: UInt64, isTaken: Bool)] = [
        (9, 1, 7, true), (9, 1, 6, true), (9, 1, 8, true),
        (2, 1, 7, true), (2, 1, 6, false), (2, 2, 6, true), (5, 2, 6, false), (5, 1, 8, true),
    ]

    @Test(arguments: offers)
    func takingOffers(me: UInt64, replicas: Int, epoch: UInt64, isTaken: Bool) {
        let turn = PageTurn(HolderSearchTests.route(), at: NodeID(me))
        #expect(turn.takesOffers(of: RingEpoch(epoch), replicas: replicas) == isTaken)
    }

    // swift-format-ignore
    static let waits: [(standing: FillStanding, asked: UInt64, isFetching: Bool, mayWait: Bool)] = [
        (FillStanding(epoch: RingEpoch(7), isFirstOwner: true),  7, false, true),
        (FillStanding(epoch: RingEpoch(7), isFirstOwner: false), 7, false, false),
        (FillStanding(epoch: RingEpoch(7), isFirstOwner: false), 8, false, true),
        (FillStanding(epoch: RingEpoch(7), isFirstOwner: true),  6, false, false),
        (FillStanding(epoch: RingEpoch(7), isFirstOwner: false), 6, true,  true),
    ]

    @Test(arguments: waits)
    func waiting(standing: FillStanding, asked: UInt64, isFetching: Bool, mayWait: Bool) {
        #expect(
            standing.mayBeAwaited(under: RingEpoch(asked), isFetching: isFetching) == mayWait
        )
    }
}
