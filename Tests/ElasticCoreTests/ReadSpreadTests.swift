// SPDX-License-Identifier: Apache-2.0
import Codecs
import ElasticCore
import PlacementCore
import Primitives
import Testing

@Suite("Spreading readers over copies")
struct ReadSpreadTests {
    private static let workers = (1...4).map { number in
        WorkerTarget(node: NodeID(UInt64(number)), name: "w\(number)", data: "", socket: nil)
    }

    private static func route(replicas: Int) -> PageRoute {
        var route = PageRoute()
        route.epoch = RingEpoch(1)
        route.owners = workers
        route.replicas = replicas
        return route
    }

    private static func chosen(
        _ reader: UInt64,
        hash: UInt64 = 5,
        copies: Int,
        near: Int? = nil,
        suspects: Set<UInt64> = []
    ) -> String {
        let target = ReadSpread(reader: reader).preferred(
            route(replicas: copies),
            hash: hash,
            copies: copies,
            isNear: { $0.name == near.map { "w\($0)" } },
            isSuspect: { suspects.contains($0.rawValue) }
        )
        return target?.name ?? "w1"
    }

    @Test func oneCopyLeavesNoChoice() {
        for reader in 0..<100 { #expect(Self.chosen(UInt64(reader), copies: 1) == "w1") }
    }

    @Test(arguments: 2...4)
    func readersSpreadEvenlyAndEachStaysWhereItWas(copies: Int) {
        var counts: [String: Int] = [:]
        for reader in 0..<UInt64(4_000) {
            let first = Self.chosen(reader, copies: copies)
            #expect(first == Self.chosen(reader, copies: copies))
            counts[first, default: 0] += 1
        }
        #expect(counts.count == copies)
        for (_, count) in counts { #expect(abs(count - 4_000 / copies) < 300) }
    }

    @Test func aCopyOnTheOwnHostComesFirst() {
        for reader in 0..<UInt64(50) {
            #expect(Self.chosen(reader, copies: 3, near: 3) == "w3")
            #expect(Self.chosen(reader, copies: 3, near: 1) == "w1")
            #expect(["w1", "w2"].contains(Self.chosen(reader, copies: 2, near: 3)))
        }
    }

    @Test func whoeverIsInDoubtIsNotChosen() {
        for reader in 0..<UInt64(50) {
            #expect(Self.chosen(reader, copies: 2, suspects: [2]) == "w1")
            #expect(Self.chosen(reader, copies: 2, suspects: [1]) == "w2")
            #expect(Self.chosen(reader, copies: 2, near: 2, suspects: [2]) == "w1")
        }
    }

    @Test func theChosenCopyIsAskedFirstAndNeverFetches() {
        let route = Self.route(replicas: 2)
        var plan = ReadPlan(route, owners: route.owners, preferred: Self.workers[1])
        #expect(plan.next { _ in false } == .ask(Self.workers[1], .readIfPresent))
        #expect(plan.next { _ in false } == .ask(Self.workers[0], .read))
        #expect(plan.next { _ in false } == .ask(Self.workers[1], .read))
    }

    @Test func aChosenCopyThatCameIntoDoubtIsPassed() {
        let route = Self.route(replicas: 2)
        var plan = ReadPlan(route, owners: route.owners, preferred: Self.workers[1])
        #expect(plan.next { $0 == NodeID(2) } == .ask(Self.workers[0], .read))
    }
}
