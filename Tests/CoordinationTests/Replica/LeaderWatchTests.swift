// SPDX-License-Identifier: Apache-2.0
import Coordination
import Primitives
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct LeaderWatchTests {
    /// Whom the watch takes for the leader, and how often it asked.
    private final class Word: Sendable {
        let leader = Mutex<NodeID?>(NodeID(1))
        let questions = Mutex(0)

        func ask() -> NodeID? {
            questions.withLock { $0 += 1 }
            return leader.withLock { $0 }
        }
    }

    private let word: Word
    private let watch: LeaderWatch

    init() {
        let word = Word()
        self.word = word
        watch = LeaderWatch { word.ask() }
    }

    private func begin(_ count: Int, _ group: inout TaskGroup<Void>) async {
        for _ in 0..<count {
            group.addTask { [watch] in await watch.untilAnotherLeads(than: NodeID(1)) }
        }
        for _ in 0..<2000 where watch.count < count {
            try? await Task.sleep(for: .milliseconds(2))
        }
        #expect(watch.count == count)
    }

    @Test func allEndWhenAnotherLeads() async {
        let start = ContinuousClock.now
        await withTaskGroup(of: Void.self) { group in
            await begin(50, &group)
            word.leader.withLock { $0 = NodeID(2) }
            await group.waitForAll()
        }
        #expect(ContinuousClock.now - start >= .milliseconds(300), "a leader gets that long")
        #expect(watch.count == 0)
    }

    /// Goal: nobody ends while the leader stays, or none is known, and a cancelled call is forgotten.
    @Test func nobodyEndsWithoutAnotherLeader() async {
        await withTaskGroup(of: Void.self) { group in
            await begin(50, &group)
            for leader in [NodeID(1), nil] {
                word.leader.withLock { $0 = leader }
                let asked = word.questions.withLock { $0 }
                // Ten looks are more than a leader gets.
                for _ in 0..<2000 where word.questions.withLock({ $0 }) < asked + 10 {
                    try? await Task.sleep(for: .milliseconds(5))
                }
                #expect(word.questions.withLock { $0 } >= asked + 10, "somebody looks out")
                #expect(watch.count == 50)
            }
            group.cancelAll()
            await group.waitForAll()
        }
        #expect(watch.count == 0)
    }
}
