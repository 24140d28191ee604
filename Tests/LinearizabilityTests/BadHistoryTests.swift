// SPDX-License-Identifier: Apache-2.0

import Linearizability
import Testing

/// A history and who says no to it.
struct HistoryCase: Sendable, CustomTestStringConvertible {
    enum Judge: Sendable {
        case nobody
        /// Only the search: answers are missing.
        case search
        /// Only the order of revisions: each key by itself is in order.
        case revisions
        case both
    }

    let name: String
    let judge: Judge
    let text: String

    init(_ name: String, _ judge: Judge, _ text: String) {
        self.name = name
        self.judge = judge
        self.text = text
    }

    var testDescription: String { name }
}

/// Goal: each way in which a store can lie is told from the truth, by name.
@Suite struct BadHistoryTests {
    @Test(arguments: badHistories + goodHistories)
    func verdict(_ row: HistoryCase) throws {
        let history = try #require(WrittenHistory(row.text), "not the format").history
        let verdict = HistoryChecker.check(history, budget: .simulation)
        let isRefusedBySearch = row.judge == .search || row.judge == .both
        #expect(verdict.isLinearizable == !isRefusedBySearch, "\(verdict)")
        let violation = RevisionOrder.check(history)
        let isRefusedByRevisions = row.judge == .revisions || row.judge == .both
        #expect((violation != nil) == isRefusedByRevisions, "\(String(describing: violation))")
    }

    @Test func thereAreEnough() {
        #expect(badHistories.count >= 20)
        #expect(badHistories.allSatisfy { $0.judge != .nobody })
        #expect(goodHistories.allSatisfy { $0.judge == .nobody })
    }

    /// Goal: the message alone shows what happened.
    @Test func aViolationNamesBothOperations() throws {
        let history = try #require(WrittenHistory(badHistories[0].text)).history
        let told = try #require(RevisionOrder.check(history)).description
        #expect(
            told == """
                what had been written or seen before was not seen:
                  [20, 30] client 1: put a = 8 → written at revision 2
                  [40, 50] client 2: get a → 7 at revision 1
                """
        )
        guard
            case .violated(let counterexample) = HistoryChecker.check(history, budget: .simulation)
        else { throw Unexpected() }
        #expect(
            counterexample.description == """
                key a: no order of its operations explains their answers
                  [0, 10] client 1: put a = 7 → written at revision 1
                  state then: 7, last written at revision 1; none of these can come next:
                    [20, 30] client 1: put a = 8 → written at revision 2
                    [40, 50] client 2: get a → 7 at revision 1
                """
        )
    }

    struct Unexpected: Error {}
}

let badHistories: [HistoryCase] = [
    HistoryCase(
        "a stale read",
        .both,
        """
        1 0-10  put a=7 -> 1
        1 20-30 put a=8 -> 2
        2 40-50 get a   -> 7@1
        """
    ),
    HistoryCase(
        "two reads in a row go back",
        .both,
        """
        1 0-10  put a=7 -> 1
        1 20-90 put a=8 -> 2
        2 30-40 get a   -> 8@2
        3 50-60 get a   -> 7@1
        """
    ),
    HistoryCase(
        "an acknowledged write is lost",
        .both,
        """
        1 0-10  put a=7 -> 1
        2 20-30 get a   -> none
        """
    ),
    HistoryCase(
        "a write came back after its deletion",
        .both,
        """
        1 0-10  put a=7  -> 1
        1 20-30 delete a -> 2
        2 40-50 get a    -> 7@1
        """
    ),
    HistoryCase(
        "a value that nobody wrote",
        .both,
        """
        1 0-10  put a=7 -> 1
        2 20-30 get a   -> 9@1
        """
    ),
    HistoryCase(
        "a revision that nobody was given",
        .both,
        """
        1 0-10  put a=7 -> 1
        2 20-30 get a   -> 7@2
        """
    ),
    HistoryCase(
        "read before it was asked for",
        .both,
        """
        2 0-10  get a   -> 7@1
        1 20-30 put a=7 -> 1
        """
    ),
    HistoryCase(
        "two writes of one revision",
        .both,
        """
        1 0-10 put a=7 -> 1
        2 0-10 put a=8 -> 1
        """
    ),
    HistoryCase(
        "two writes of one revision under two keys",
        .revisions,
        """
        1 0-10 put a=7 -> 1
        2 0-10 put b=8 -> 1
        """
    ),
    HistoryCase(
        "a later write with a lower revision",
        .both,
        """
        1 0-10  put a=7 -> 2
        2 20-30 put a=8 -> 1
        """
    ),
    HistoryCase(
        "a later write with a lower revision under another key",
        .revisions,
        """
        1 0-10  put a=7 -> 2
        2 20-30 put b=8 -> 1
        """
    ),
    HistoryCase(
        "both win the same compare-and-swap",
        .both,
        """
        1 0-10  put a=7    -> 1
        2 20-40 put a=8 @1 -> 2
        3 20-40 put a=9 @1 -> 3
        """
    ),
    HistoryCase(
        "a condition on a revision that was overwritten",
        .both,
        """
        1 0-10  put a=7    -> 1
        1 20-30 put a=8    -> 2
        2 40-50 put a=9 @1 -> 3
        """
    ),
    HistoryCase(
        "both create it",
        .both,
        """
        1 0-10 put a=7 absent -> 1
        2 0-10 put a=8 absent -> 2
        """
    ),
    HistoryCase(
        "created although it was there",
        .both,
        """
        1 0-10  put a=7        -> 1
        2 20-30 put a=8 absent -> 2
        """
    ),
    HistoryCase(
        "refused although the condition held",
        .both,
        """
        1 0-10  put a=7    -> 1
        2 20-30 put a=8 @1 -> refused@1
        """
    ),
    HistoryCase(
        "refused with a revision of long ago",
        .both,
        """
        1 0-10  put a=7    -> 1
        1 20-30 put a=8    -> 2
        2 40-50 put a=9 @5 -> refused@1
        """
    ),
    HistoryCase(
        "refused as missing although it was there",
        .both,
        """
        1 0-10  put a=7  -> 1
        2 20-30 delete a -> refused@0
        """
    ),
    HistoryCase(
        "deleted twice",
        .search,
        """
        1 0-10  put a=7  -> 1
        2 20-40 delete a -> 2
        3 20-40 delete a -> 3
        """
    ),
    HistoryCase(
        "a refused write took effect",
        .both,
        """
        1 0-10  put a=7    -> 1
        2 20-30 put a=8 @5 -> refused@1
        3 40-50 get a      -> 8@2
        """
    ),
    HistoryCase(
        "a write without an answer took effect twice",
        .search,
        """
        1 0-    put a=7
        2 10-20 get a    -> 7@1
        2 30-40 delete a -> 2
        2 50-60 get a    -> 7@3
        """
    ),
    HistoryCase(
        "a write without an answer came and went",
        .both,
        """
        1 0-10  put a=7 -> 1
        2 20-   put a=8
        3 30-40 get a   -> 8@2
        3 50-60 get a   -> 7@1
        """
    ),
    HistoryCase(
        "a write without an answer is seen at two revisions",
        .search,
        """
        1 0-    put a=7
        2 10-20 get a   -> 7@1
        2 30-40 get a   -> 7@2
        """
    ),
    HistoryCase(
        "the whole map goes back between keys",
        .revisions,
        """
        1 0-10  put a=7 -> 1
        1 20-30 put b=8 -> 2
        2 40-50 get a   -> 7@1/1
        """
    ),
    HistoryCase(
        "two readers disagree about the whole map's age",
        .revisions,
        """
        1 0-90  put a=7 -> 1
        1 0-90  put b=8 -> 2
        2 10-20 get b   -> 8@2/2
        3 30-40 get a   -> none/0
        """
    ),
    HistoryCase(
        "a state that misses a write of its past",
        .revisions,
        """
        1 0-90  put a=7 -> 1
        1 0-90  put b=8 -> 2
        2 10-20 get a   -> none/2
        """
    ),
    HistoryCase(
        "an entry newer than the state it was read from",
        .revisions,
        """
        1 0-90  put a=7 -> 2
        2 10-20 get a   -> 7@2/1
        """
    ),
    HistoryCase(
        "three concurrent writes, two orders",
        .both,
        """
        1 0-50  put a=7 -> 1
        2 0-50  put a=8 -> 2
        3 60-70 get a   -> 8@2
        4 60-70 get a   -> 7@1
        """
    ),
]

let goodHistories: [HistoryCase] = [
    HistoryCase("nothing happened", .nobody, ""),
    HistoryCase(
        "a read beside a write sees either",
        .nobody,
        """
        1 0-10  put a=7 -> 1
        1 20-90 put a=8 -> 2
        2 30-40 get a   -> 7@1/1
        3 30-40 get a   -> 8@2/2
        """
    ),
    HistoryCase(
        "an end and a begin at one time are concurrent",
        .nobody,
        """
        1 0-10  put a=7 -> 1
        2 10-20 get a   -> none
        """
    ),
    HistoryCase(
        "a write without an answer takes effect late",
        .nobody,
        """
        1 0-    put a=7
        2 10-20 get a    -> none
        2 30-40 get a    -> none
        2 50-60 get a    -> 7@1
        """
    ),
    HistoryCase(
        "a write without an answer never takes effect",
        .nobody,
        """
        1 0-    put a=7
        2 10-20 get a   -> none
        2 30-40 put a=8 absent -> 1
        2 50-60 get a   -> 8@1/1
        """
    ),
    HistoryCase(
        "a deletion without an answer explains an absence",
        .nobody,
        """
        1 0-10  put a=7  -> 1
        1 20-   delete a @1
        2 30-40 get a    -> 7@1
        2 50-60 get a    -> none/2
        2 70-80 put a=8 absent -> 3
        """
    ),
    HistoryCase(
        "one wins the compare-and-swap, the other learns what stands",
        .nobody,
        """
        1 0-10  put a=7    -> 1
        2 20-40 put a=8 @1 -> 2
        3 20-40 put a=9 @1 -> refused@2
        3 50-60 delete a @2 -> 3
        3 70-80 delete a    -> refused@0
        """
    ),
    HistoryCase(
        "revisions of other keys lie between",
        .nobody,
        """
        1 0-10  put a=7 -> 1
        1 20-30 put b=7 -> 2
        1 40-50 put a=8 @1 -> 3
        2 60-70 get b   -> 7@2/3
        """
    ),
]
