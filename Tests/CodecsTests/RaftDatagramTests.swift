// SPDX-License-Identifier: Apache-2.0

import Codecs
import Primitives
import RaftCore
import Testing

/// Goal: what goes in datagrams says the same as the message, and nothing else gets through.
@Suite struct RaftDatagramTests {
    private static let sender = Voter(node: NodeID(1), store: StoreID(UniqueID(high: 1, low: 2)))
    private static let receiver = Voter(node: NodeID(2), store: StoreID(UniqueID(high: 3, low: 4)))

    private static func split(
        _ message: RaftMessage
    ) -> (datagrams: [RaftDatagram], suffice: Bool) {
        RaftDatagram.datagrams(of: message, from: sender, to: receiver)
    }

    private static func append(payloads: [Int]) -> RaftMessage {
        let entries = payloads.enumerated().map { offset, byteCount in
            LogEntry(
                position: LogPosition(term: Term(5), index: LogIndex(UInt64(11 + offset))),
                kind: .command,
                payload: [UInt8](repeating: UInt8(truncatingIfNeeded: offset), count: byteCount)
            )
        }
        let request = AppendRequest(
            previous: LogPosition(term: Term(4), index: LogIndex(10)),
            entries: entries,
            commit: LogIndex(9)
        )
        return RaftMessage(term: Term(5), body: .append(request))
    }

    // swift-format-ignore
    static let batches: [(payloads: [Int], datagrams: Int, isWhole: Bool)] = [
        ([],                                       1, true),
        ([0],                                      1, true),
        ([1_328],                                  1, true),   // 1,472 - 36 - 48 - 39 - 21
        ([1_329],                                  0, false),
        ([600, 600],                               1, true),
        ([600, 700, 10],                           2, true),
        ([1_328, 1_328, 1_328],                    3, true),
        ([100, 5_000, 100],                        1, false),
        (Array(repeating: 1_000, count: 8),        8, true),
        (Array(repeating: 1_000, count: 9),        8, false),
        (Array(repeating: 200, count: 48),         8, true),
    ]

    @Test(arguments: batches)
    func batchesAreCutIntoBatches(payloads: [Int], datagrams count: Int, isWhole: Bool) throws {
        let message = Self.append(payloads: payloads)
        let (datagrams, allOfIt) = Self.split(message)
        #expect(datagrams.count == count && allOfIt == isWhole)
        guard case .append(let whole) = message.body else { preconditionFailure("an append") }
        var previous = whole.previous
        var entries: [LogEntry] = []
        for datagram in datagrams {
            let bytes = datagram.encode()
            #expect(bytes.count <= DatagramSeal.packetByteLimit)
            #expect(try RaftDatagram(decoding: bytes[...]) == datagram)
            guard case .append(let part) = datagram.message.body else {
                preconditionFailure("an append")
            }
            #expect(part.previous == previous && part.commit == whole.commit)
            entries += part.entries
            previous = part.entries.last?.position ?? previous
        }
        #expect(entries == Array(whole.entries.prefix(entries.count)))
        #expect(!isWhole || entries == whole.entries)
    }

    @Test(arguments: RaftMessageCodecTests.messages)
    func whatIsSentOnceGoesOverTheConnectionToo(message: RaftMessage) throws {
        let (mayGo, maySpare) =
            switch message.body {
            case .append, .appendReply, .heartbeat, .heartbeatReply, .readRequest, .readReply:
                (true, true)
            case .voteRequest, .voteReply: (true, false)
            case .snapshotChunk, .snapshotReply, .timeoutNow, .stateReport, .stateVerdict:
                (false, false)
            }
        let (datagrams, suffice) = Self.split(message)
        #expect(datagrams.map(\.message) == (mayGo ? [message] : []) && suffice == maySpare)
        // Nor is it taken from one who sends it all the same.
        let head = try #require(Self.split(Self.append(payloads: [])).datagrams.first)
            .encode().prefix(48)
        let packet = head + RaftMessageCodec.encode(message)
        #expect(((try? RaftDatagram(decoding: packet[...])) != nil) == mayGo)
    }

    @Test func theByteFormIsGolden() throws {
        let message = RaftMessage(term: Term(7), body: .appendReply(.accepted(LogIndex(9))))
        let datagram = try #require(Self.split(message).datagrams.first)
        let expected =
            "0100000000000000" + "01000000000000000200000000000000"
            + "0200000000000000" + "03000000000000000400000000000000"
            + "0104070000000000000001" + "0900000000000000"
        #expect(hexText(datagram.encode()) == expected)
    }

    /// Goal: bytes nobody vouches for never trap; what is read is written back the same.
    @Test(arguments: UInt64(1)...20)
    func damagedPacketsNeverTrap(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let packet = try #require(Self.split(Self.append(payloads: [3, 40])).datagrams.first)
            .encode()
        var readCount = 0
        for _ in 0..<500 {
            var bytes = packet
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                bytes[place] = UInt8.random(in: 0...255, using: &random)
            }
            bytes.removeLast(Int.random(in: 0...2, using: &random))
            guard let read = try? RaftDatagram(decoding: bytes[...]) else { continue }
            readCount += 1
            #expect(read.encode() == bytes)
        }
        #expect(readCount > 0, "seed \(seed): nothing was ever read")
    }
}
