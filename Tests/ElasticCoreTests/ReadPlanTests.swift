// SPDX-License-Identifier: Apache-2.0
import Codecs
import ElasticCore
import Primitives
import Testing

/// Whom a reader asks: owners 9 2 3, holders 9 4 5, spares 2 3.
struct ReadPlanTests {
    private static func asked(
        suspects: Set<UInt64> = [],
        failing: [UInt64: PageFailure] = [:]
    ) -> (asked: [String], end: ReadPlan.Step) {
        let route = HolderSearchTests.route()
        let owners =
            route.owners.filter { !suspects.contains($0.node.rawValue) }
            + route.owners.filter { suspects.contains($0.node.rawValue) }
        var plan = ReadPlan(route, owners: owners)
        var asked: [String] = []
        while asked.count < 20 {
            let step = plan.next { suspects.contains($0.rawValue) }
            guard case .ask(let worker, let mode) = step else { return (asked, step) }
            asked.append("\(worker.node.rawValue)\(mode == .read ? "" : "?")")
            if let failure = failing[worker.node.rawValue] { plan.heard(failure) }
        }
        return (asked, .origin)
    }

    @Test func ownersThenHoldersThenTheOrigin() {
        let (asked, end) = Self.asked()
        #expect(asked == ["9", "2", "3", "4?", "5?"])
        #expect(end == .origin)
    }

    @Test func thoseInDoubtAreAskedLastAsOwnersAndNotForWhatTheyHold() {
        let (asked, end) = Self.asked(suspects: [9, 4])
        #expect(asked == ["2", "3", "9", "5?"])
        #expect(end == .origin)
    }

    @Test func afterAFinalFailureNobodyFetches() {
        let failure = PageFailure.originUnreachable("down")
        let (asked, end) = Self.asked(failing: [9: failure])
        #expect(asked == ["9", "9?", "2?", "3?", "4?", "5?"])
        #expect(end == .fail(failure))
    }

    @Test func aPassingFailureLeadsToTheNextOwner() {
        let (asked, end) = Self.asked(failing: [9: .stopping, 2: .corrupt])
        #expect(asked == ["9", "2", "3", "4?", "5?"])
        #expect(end == .origin)
    }
}
