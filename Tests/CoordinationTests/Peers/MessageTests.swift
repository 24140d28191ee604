// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import FeedCore
import Primitives
import TestKit
import Testing

/// Goal: the bytes between workers never change by accident, and no bytes trap.
@Suite(.timeLimit(.minutes(1)))
struct MessageTests {
    static let formation = Formation(
        initialisation: UniqueID(high: 1, low: 2),
        cluster: ClusterEntry(
            id: testCluster(),
            generation: 1,
            survival: .zone,
            timing: .lan,
            featureLevel: 1,
            voters: [NodeID(1)]
        ),
        members: [registration("w1", store: 1)]
    )

    static let status = StatusReply(
        node: NodeID(3),
        isVoter: true,
        isLeader: false,
        term: Term(4),
        leader: NodeID(2),
        index: LogIndex(5),
        revision: Revision(6),
        age: Timespan(milliseconds: 7),
        usedBytes: 8,
        pages: 9,
        addresses: WorkerAddresses(http: "a:1", s3: nil, data: "a:2", peer: "a:3", socket: "/s")
    )

    static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    static let beacon = FeedBeacon(
        index: LogIndex(9),
        clockMS: 1,
        covers: LogIndex(10),
        age: Timespan(milliseconds: 600),
        path: [NodeID(2), NodeID(1)],
        term: Term(3),
        leader: NodeID(1),
        voters: [VoterWord(node: NodeID(1), answers: true, votes: true, index: LogIndex(10))]
    )
    static let offer = FeedOffer(hasRoom: true, clockMS: 1, age: nil, path: [NodeID(2)])

    static let golden: [(what: String, bytes: [UInt8], hex: String)] = [
        ("feed request", FeedRequest(after: LogIndex(258)).encode(), "010201000000000000"),
        (
            "feed snapshot",
            FeedItem.snapshot(index: LogIndex(1), byteCount: 2, checksum: 3).encode(),
            "010100000000000000020000000000000003000000"
        ),
        ("feed piece", FeedItem.piece([0xAA, 0xBB]).encode(), "0202000000aabb"),
        (
            "feed commands",
            FeedItem.commands([AppliedCommand(index: LogIndex(9), payload: [0xCC])]).encode(),
            "0301000000090000000000000001000000cc"
        ),
        ("feed mark", FeedItem.complete(LogIndex(9)).encode(), "040900000000000000"),
        (
            "feed beacon", FeedItem.beacon(beacon).encode(),
            "05" + "0900000000000000" + "0100000000000000" + "0a00000000000000"
                + "015802000000000000" + "0200000002000000000000000100000000000000"
                + "0300000000000000" + "0100000000000000"
                + "01000000" + "010000000000000001010a00000000000000"
        ),
        (
            "feed offer", offer.encode(),
            "01" + "01" + "0100000000000000" + "00" + "010000000200000000000000"
        ),
        ("feed referral", FeedReferral.encode([NodeID(5)]), "010000000500000000000000"),
        (
            "promise request",
            PromiseRequest(initialisation: UniqueID(high: 1, low: 2)).encode(),
            "010100000000000000020000000000000000"
        ),
        (
            "admitted", AdmissionReply.admitted(testCluster(), NodeID(4)).encode(),
            "01090000000000000001000000000000000400000000000000"
        ),
        ("replacing", AdmissionReply.replacing.encode(), "02"),
        ("refused", AdmissionReply.refused("no").encode(), "03020000006e6f"),
        ("status request", StatusRequest(peerAddress: "a:3").encode(), "0103000000613a33"),
        ("sparing request", SparingRequest(applied: LogIndex(258)).encode(), "010201000000000000"),
        (
            "sparing reply", SparingReply(voters: [NodeID(1), NodeID(4)]).encode(),
            "010200000001000000000000000400000000000000"
        ),
        ("voting question", VotingQuestion().encode(), "0100"),
        (
            "question about a wish",
            VotingQuestion(wish: VoteWish(node: NodeID(258), kind: .demoted)).encode(),
            "0101020201000000000000"
        ),
        (
            "handed proposal",
            HandedProposal(limit: .seconds(1), command: [7, 8]).encode(),
            "01e803000000000000020000000708"
        ),
        ("verdict", VotingVerdict.unsafe("no").encode(), "0102020000006e6f"),
        (
            "outlook",
            VotingOutlook(action: .grow, leaving: [], coming: ["w"], waitsFor: "x").encode(),
            "010300000000" + "010000000100000077" + "00" + "010100000078" + "0000"
        ),
        (
            "status", status.encode(),
            "010300000000000000010004000000000000000200000000000000050000000000000006000000000000"
                + "0001070000000000000008000000000000000900000000000000"
                + "03000000613a310003000000613a3203000000613a3301020000002f73"
        ),
    ]

    @Test(arguments: golden.indices)
    func bytesAreWhatTheyWere(_ row: Int) {
        #expect(
            Self.hex(Self.golden[row].bytes) == Self.golden[row].hex,
            "\(Self.golden[row].what)"
        )
    }

    @Test func everyMessageReadsBackAsItself() throws {
        #expect(try StatusReply(decoding: Self.status.encode()) == Self.status)
        #expect(try Formation(decoding: Self.formation.encode()) == Self.formation)
        let promise = PromiseReply(
            registration: registration("w1", store: 1),
            holder: UniqueID(high: 3, low: 4)
        )
        #expect(try PromiseReply(decoding: promise.encode()) == promise)
        for reply in [
            AdmissionReply.admitted(testCluster(), NodeID(4)), .replacing, .refused("wörk"),
        ] {
            #expect(try AdmissionReply(decoding: reply.encode()) == reply)
        }
        let handed = HandedProposal(limit: .seconds(5), command: [1, 2, 3])
        #expect(HandedProposal(decoding: handed.encode()) == handed)
        let spared = SparingReply(voters: [NodeID(2), NodeID(9)])
        #expect(try SparingReply(decoding: spared.encode()) == spared)
        let asked = SparingRequest(applied: LogIndex(7))
        #expect(try SparingRequest(decoding: asked.encode()) == asked)
        for wish in [nil, VoteWish(node: NodeID(4), kind: .promoted)] {
            let question = VotingQuestion(wish: wish)
            #expect(try VotingQuestion(decoding: question.encode()) == question)
        }
        for verdict in [VotingVerdict.safe("it votes"), .unsafe("")] {
            #expect(try VotingVerdict(decoding: verdict.encode()) == verdict)
        }
        for outlook in [
            VotingOutlook(), VotingOutlook(action: .replace, leaving: ["w1"]),
            VotingOutlook(leadership: "from ap"),
        ] {
            #expect(try VotingOutlook(decoding: outlook.encode()) == outlook)
        }
        let request = FeedRequest(after: LogIndex(77))
        #expect(try FeedRequest(decoding: request.encode()) == request)
        let item = FeedItem.beacon(Self.beacon)
        #expect(try FeedItem(decoding: item.encode()) == item)
        #expect(try FeedOffer(decoding: Self.offer.encode()) == Self.offer)
        #expect(FeedReferral.decode(FeedReferral.encode([NodeID(5)])) == [NodeID(5)])
        #expect(FeedReferral.decode([1, 2]).isEmpty, "whoever names nobody sends nowhere")
    }

    /// Alarms stand behind everything else: a release that knows of none reads what comes before.
    @Test func alarmsAreToldBehindEverythingElse() throws {
        let status = Self.status
        let alarms = [
            Alarm(.diskFull, "no room"), Alarm(Alarm.Kind(rawValue: "later"), "whatever"),
        ]
        let told = StatusReply(
            node: status.node,
            isVoter: status.isVoter,
            isLeader: status.isLeader,
            term: status.term,
            leader: status.leader,
            index: status.index,
            revision: status.revision,
            age: status.age,
            usedBytes: status.usedBytes,
            pages: status.pages,
            addresses: status.addresses,
            alarms: alarms
        )
        #expect(try StatusReply(decoding: told.encode()) == told)
        #expect(told.encode().starts(with: status.encode()))
        let board = AlarmBoard()
        for alarm in alarms { board.raise(alarm.kind, alarm.detail) }
        #expect(board.current == alarms)
        board.clear(.diskFull)
        #expect(board.current == [alarms[1]])
    }

    /// And round trips behind the alarms, which are told as none then.
    @Test func roundTripsAreToldBehindTheAlarms() throws {
        let status = Self.status
        let trips = [RoundTripWord(node: NodeID(2), milliseconds: 0x0102_0304)]
        let told = StatusReply(
            node: status.node,
            isVoter: status.isVoter,
            isLeader: status.isLeader,
            term: status.term,
            leader: status.leader,
            index: status.index,
            revision: status.revision,
            age: status.age,
            usedBytes: status.usedBytes,
            pages: status.pages,
            addresses: status.addresses,
            roundTrips: trips
        )
        #expect(try StatusReply(decoding: told.encode()) == told)
        #expect(
            Self.hex(told.encode())
                == Self.hex(status.encode()) + "00000000" + "01000000" + "020000000000000004030201"
        )
    }

    @Test func aNewerVersionIsRefusedByName() {
        var bytes = Self.status.encode()
        bytes[0] = 2
        #expect(
            throws: ByteDecodingError.unsupportedVersion(of: "status reply", found: 2, newest: 1)
        ) { try StatusReply(decoding: bytes) }
    }

    @Test func anIndexPastArithmeticIsRefused() {
        let request = FeedRequest(after: LogIndex(.max)).encode()
        #expect(throws: ByteDecodingError.self) { try FeedRequest(decoding: request) }
        let item = FeedItem.commands([AppliedCommand(index: LogIndex(1 << 62), payload: [])])
        #expect(throws: ByteDecodingError.self) { try FeedItem(decoding: item.encode()) }
    }

    /// Numbers of a status that others reckon with, and the greatest that they take.
    // swift-format-ignore
    static let numbers: [(what: String, offset: Int, greatest: UInt64)] = [
        ("index",     1 + 8 + 1 + 1 + 8 + 8,           1 << 62 - 1),
        ("age",       1 + 8 + 1 + 1 + 8 + 8 + 16 + 1,  1 << 60 - 1),
        ("usedBytes", 1 + 8 + 1 + 1 + 8 + 8 + 16 + 9,  1 << 52),
        ("pages",     1 + 8 + 1 + 1 + 8 + 8 + 16 + 17, 1 << 52),
    ]

    @Test(arguments: numbers.indices)
    func aStatusPastArithmeticIsRefused(_ row: Int) throws {
        let (what, offset, greatest) = Self.numbers[row]
        func status(_ number: UInt64) -> [UInt8] {
            var writer = ByteWriter()
            writer.write(number)
            var bytes = Self.status.encode()
            bytes.replaceSubrange(offset..<offset + 8, with: writer.bytes)
            return bytes
        }
        let read = try StatusReply(decoding: status(greatest))
        let numbers = [
            read.index.rawValue, read.age?.milliseconds ?? 0, read.usedBytes, read.pages,
        ]
        #expect(numbers[row] == greatest, "\(what)")
        for number in [greatest + 1, .max] {
            #expect(throws: ByteDecodingError.self, "\(what) \(number)") {
                try StatusReply(decoding: status(number))
            }
        }
    }

    @Test(arguments: UInt64(1)...6)
    func noBytesTrap(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let decoders: [@Sendable ([UInt8]) throws -> Void] = [
            { _ = try StatusReply(decoding: $0) }, { _ = try StatusRequest(decoding: $0) },
            { _ = try Formation(decoding: $0) }, { _ = try PromiseReply(decoding: $0) },
            { _ = try PromiseRequest(decoding: $0) }, { _ = try AdmissionReply(decoding: $0) },
            { _ = try FeedItem(decoding: $0) }, { _ = try FeedRequest(decoding: $0) },
            { _ = try VotingQuestion(decoding: $0) }, { _ = try VotingOutlook(decoding: $0) },
            { _ = try VotingVerdict(decoding: $0) }, { _ = try FeedOffer(decoding: $0) },
        ]
        let seeds =
            Self.golden.map(\.bytes) + [
                Self.formation.encode(),
                PromiseReply(
                    registration: registration("w1", store: 1),
                    holder: UniqueID(high: 3, low: 4)
                ).encode(),
            ]
        var refusedCount = 0
        for _ in 0..<2000 {
            let bytes = mutated(seeds.randomElement(using: &random) ?? [], &random)
            for decode in decoders {
                do { try decode(bytes) } catch { refusedCount += 1 }
            }
        }
        #expect(refusedCount > 5000, "seed \(seed)")
    }
}
