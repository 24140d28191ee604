// SPDX-License-Identifier: Apache-2.0

import Codecs
import Primitives
import RaftCore
import Testing

@Suite struct RaftMessageCodecTests {
    static let voter = Voter(node: NodeID(3), store: StoreID(UniqueID(high: 0x11, low: 0x22)))
    static let position = LogPosition(term: Term(5), index: LogIndex(0x0102))
    static let metadata = SnapshotMetadata(
        position: position,
        voters: VoterSet(incoming: [voter]),
        byteCount: 9,
        checksum: 0xAABB_CCDD
    )

    static let messages: [RaftMessage] = [
        .voteRequest(VoteRequest(kind: .preVote, campaign: Term(8), lastLog: position)),
        .voteReply(VoteReply(kind: .transfer, campaign: Term(8), granted: true)),
        .append(
            AppendRequest(
                previous: position,
                entries: [
                    LogEntry(
                        position: LogPosition(term: Term(5), index: LogIndex(0x0103)),
                        kind: .command,
                        payload: [0xFE, 0xFF]
                    ),
                    LogEntry(
                        position: LogPosition(term: Term(7), index: LogIndex(0x0104)),
                        kind: .noop,
                        payload: []
                    ),
                ],
                commit: LogIndex(0x0100)
            )
        ),
        .appendReply(.accepted(LogIndex(9))),
        .appendReply(.rejected(previous: LogIndex(10), hint: position)),
        .heartbeat(
            Heartbeat(
                round: 1,
                commit: LogIndex(2),
                leaderCommit: LogIndex(3),
                quorumAge: 4,
                echo: 5
            )
        ),
        .heartbeatReply(HeartbeatReply(round: 1, stamp: 2)),
        .readRequest(ReadRequest(nonce: 0xDEAD_BEEF)),
        .readReply(ReadReply(nonce: 1, outcome: .ready(LogIndex(2)))),
        .readReply(ReadReply(nonce: 1, outcome: .notLeader)),
        .readReply(ReadReply(nonce: 1, outcome: .overloaded)),
        .readReply(ReadReply(nonce: 1, outcome: .noQuorum)),
        .readReply(ReadReply(nonce: 1, outcome: .leadershipLost)),
        .snapshotChunk(SnapshotChunk(metadata: metadata, offset: 3, bytes: [1, 2, 3])),
        .snapshotReply(.next(position: position, offset: 6)),
        .snapshotReply(.installed(LogIndex(7))),
        .timeoutNow(TimeoutNow(lastIndex: LogIndex(8))),
        .stateReport(StateDigest(index: LogIndex(1_024), value: 0x0102_0304_0506_0708)),
        .stateVerdict(StateVerdict(index: LogIndex(1_024), agreed: 9)),
        .stateVerdict(StateVerdict(index: LogIndex(2_048), agreed: nil)),
        .append(
            AppendRequest(
                previous: position,
                entries: [],
                commit: LogIndex(0x0102),
                acknowledgement: .needless
            )
        ),
    ].map { RaftMessage(term: Term(7), body: $0) }

    @Test(arguments: messages)
    func everyMessageSurvivesItsBytes(message: RaftMessage) throws {
        let bytes = RaftMessageCodec.encode(message)
        #expect(try RaftMessageCodec.decode(bytes) == message)
        for count in 0..<bytes.count {
            #expect(throws: ByteDecodingError.self) {
                try RaftMessageCodec.decode(Array(bytes.prefix(count)))
            }
        }
        #expect(throws: ByteDecodingError.self) { try RaftMessageCodec.decode(bytes + [0]) }
    }

    // One of each kind in the order of `messages`, to catch a change of format nobody meant.
    // swift-format-ignore
    static let golden: [(Int, String)] = [
        (0,  "01 01 0700000000000000 00 0800000000000000 0500000000000000 0201000000000000"),
        (1,  "01 02 0700000000000000 02 0800000000000000 01"),
        (2,  "01 03 0700000000000000 0500000000000000 0201000000000000 02000000"
           + " 0500000000000000 0301000000000000 01 02000000 feff"
           + " 0700000000000000 0401000000000000 00 00000000 0001000000000000 00"),
        (3,  "01 04 0700000000000000 01 0900000000000000"),
        (4,  "01 04 0700000000000000 00 0a00000000000000 0500000000000000 0201000000000000"),
        (5,  "01 05 0700000000000000 0100000000000000 0200000000000000 0300000000000000"
           + " 04000000 0500000000000000"),
        (6,  "01 06 0700000000000000 0100000000000000 0200000000000000"),
        (7,  "01 07 0700000000000000 efbeadde00000000"),
        (8,  "01 08 0700000000000000 0100000000000000 00 0200000000000000"),
        (11, "01 08 0700000000000000 0100000000000000 03"),
        (13, "01 09 0700000000000000 0500000000000000 0201000000000000"
           + " 01 01000000 0300000000000000 1100000000000000 2200000000000000 00000000 00000000 00000000"
           + " 0900000000000000 ddccbbaa 0300000000000000 03000000 010203"),
        (14, "01 0a 0700000000000000 00 0500000000000000 0201000000000000 0600000000000000"),
        (15, "01 0a 0700000000000000 01 0700000000000000"),
        (16, "01 0b 0700000000000000 0800000000000000"),
        (17, "01 0c 0700000000000000 0004000000000000 0807060504030201"),
        (18, "01 0d 0700000000000000 0004000000000000 01 0900000000000000"),
        (19, "01 0d 0700000000000000 0008000000000000 00"),
        (20, "01 03 0700000000000000 0500000000000000 0201000000000000 00000000 0201000000000000 01"),
    ]

    @Test(arguments: golden)
    func theBytesAreFixed(position: Int, hex: String) {
        let digits = Array(hex.utf8.filter { $0 != UInt8(ascii: " ") })
        let expected = stride(from: 0, to: digits.count, by: 2).compactMap { offset in
            UInt8(String(decoding: digits[offset..<offset + 2], as: UTF8.self), radix: 16)
        }
        #expect(RaftMessageCodec.encode(Self.messages[position]) == expected)
    }

    @Test func anotherVersionOrKindIsRefusedByName() {
        var bytes = RaftMessageCodec.encode(Self.messages[7])
        bytes[0] = 2
        #expect(
            throws: ByteDecodingError.unsupportedVersion(of: "Raft message", found: 2, newest: 1)
        ) { try RaftMessageCodec.decode(bytes) }
        bytes[0] = 1
        bytes[1] = 200
        #expect(throws: ByteDecodingError.invalid(what: "kind of Raft message", value: 200)) {
            try RaftMessageCodec.decode(bytes)
        }
    }

    @Test func aMessageLongerThanAnyIsRefusedUnread() {
        let bytes = [UInt8](repeating: 1, count: RaftMessageCodec.messageByteLimit + 1)
        #expect(throws: ByteDecodingError.self) { try RaftMessageCodec.decode(bytes) }
    }

    /// Goal: bytes nobody vouches for never trap; what is read is written back the same.
    @Test(arguments: UInt64(1)...40)
    func damagedBytesNeverTrap(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var readCount = 0
        for message in Self.messages {
            for _ in 0..<60 {
                var bytes = RaftMessageCodec.encode(message)
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    bytes[place] = UInt8.random(in: 0...255, using: &random)
                }
                guard let read = try? RaftMessageCodec.decode(bytes) else { continue }
                readCount += 1
                #expect(RaftMessageCodec.encode(read) == bytes)
            }
        }
        #expect(readCount > 0, "seed \(seed): nothing was ever read")
    }
}
