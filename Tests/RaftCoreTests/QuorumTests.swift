// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore
import Testing

@Suite struct QuorumTests {
    struct Case: Sendable {
        let incoming: [Int]
        let outgoing: [Int]
        let values: [UInt64]
        let reached: UInt64?
    }

    // Members are numbers 1…; values[n − 1] is what n has reached.
    // swift-format-ignore
    static let cases: [Case] = [
        //   incoming                   outgoing              values               reached
        Case(incoming: [],              outgoing: [],         values: [],          reached: nil),
        Case(incoming: [1],             outgoing: [],         values: [7],         reached: 7),
        Case(incoming: [1, 2],          outgoing: [],         values: [7, 3],      reached: 3),
        Case(incoming: [1, 2, 3],       outgoing: [],         values: [7, 3, 5],   reached: 5),
        Case(incoming: [1, 2, 3, 4],    outgoing: [],         values: [7, 3, 5, 9], reached: 5),
        Case(incoming: [1, 2, 3],       outgoing: [3, 4, 5],  values: [9, 9, 1, 2, 8], reached: 2),
        Case(incoming: [1],             outgoing: [2, 3],     values: [9, 4, 6],   reached: 4),
    ]

    @Test(arguments: cases)
    func quorumValue(_ row: Case) {
        let voters = VoterSet(
            incoming: row.incoming.map { Bench.voter($0) },
            outgoing: row.outgoing.map { Bench.voter($0) }
        )
        let reached = voters.quorumValue { row.values[Int($0.node.rawValue) - 1] }
        #expect(reached == row.reached)
    }

    /// Goal: the arithmetic agrees with the definition.
    ///
    /// Method: for every value that occurs, count heads in both halves; the largest that has a
    /// majority of each is the answer.
    @Test(arguments: UInt64(1)...300)
    func agreesWithCountingHeads(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        func some() -> [Int] { (1...9).filter { _ in random.chance(percent: 50) } }
        let incoming = some()
        let outgoing = incoming.isEmpty ? [] : some()
        let values = (1...9).map { _ in UInt64.random(in: 0...6, using: &random) }
        let voters = VoterSet(
            incoming: incoming.map { Bench.voter($0) },
            outgoing: outgoing.map { Bench.voter($0) }
        )

        func isMajority(_ members: [Int], _ value: UInt64) -> Bool {
            members.isEmpty || 2 * members.count(where: { values[$0 - 1] >= value }) > members.count
        }
        let expected =
            incoming.isEmpty
            ? nil : (0...6).last { isMajority(incoming, $0) && isMajority(outgoing, $0) }

        #expect(voters.quorumValue { values[Int($0.node.rawValue) - 1] } == expected)
        for value in UInt64(0)...6 {
            let holds =
                !incoming.isEmpty && isMajority(incoming, value) && isMajority(outgoing, value)
            #expect(voters.isQuorum { values[Int($0.node.rawValue) - 1] >= value } == holds)
        }
    }

    @Test func membersAreListedOnceAndInOrder() {
        let voters = VoterSet(
            incoming: [3, 1].map { Bench.voter($0) },
            outgoing: [2, 3].map { Bench.voter($0) },
            learners: [5, 1].map { Bench.voter($0) }
        )
        #expect(voters.deciders.map(\.node.rawValue) == [1, 2, 3])
        #expect(voters.members.map(\.node.rawValue) == [1, 2, 3, 5])
        #expect(!voters.decides(Bench.voter(5)))
        #expect(!voters.decides(Bench.voter(1, store: 8)))
    }

    @Test func aVoterSetSurvivesItsBytes() throws {
        let voters = VoterSet(
            incoming: [1, 2].map { Bench.voter($0) },
            outgoing: [2, 3].map { Bench.voter($0) },
            learners: [Bench.voter(9)]
        )
        #expect(try VoterSet(decoding: voters.encode()) == voters)
    }

    @Test func voterSetBytesThatAreWrongAreRefused() {
        let one = VoterSet(incoming: [Bench.voter(1)]).encode()
        var twice = VoterSet(incoming: [Bench.voter(1), Bench.voter(2)]).encode()
        twice[5 + 24] = 1  // The second node's number.
        var newer = one
        newer[0] = 2
        for bytes in [twice, newer, one + [0], Array(one.dropLast()), []] {
            #expect(throws: ByteDecodingError.self) { try VoterSet(decoding: bytes) }
        }
    }
}
