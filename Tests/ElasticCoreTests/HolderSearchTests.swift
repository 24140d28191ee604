// SPDX-License-Identifier: Apache-2.0
import ElasticCore
import Primitives
import Testing

/// Whom a filler asks before it fetches, and why it fetches what is missing.
struct HolderSearchTests {
    /// What a worker does when it is asked.
    enum Manner: Sendable {
        case says(PeerWord)
        case isSuspect
        /// Does not answer a probe.
        case isMute
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let manners: [UInt64: Manner]
        let asked: [UInt64]
        let cause: FetchCause?
    }

    // Worker 1 asks. Owners 9 2 3, so 9 is the first; holders 9 4 5, spares 2 3.
    // swift-format-ignore
    static let cases: [Case] = [
        Case("nobody has it",          [:],                                               [9, 4, 5, 2, 3], .read),
        Case("the first holder does",  [9: .says(.page)],                                 [9],             nil),
        Case("a spare does",           [3: .says(.page)],                                 [9, 4, 5, 2, 3], nil),
        Case("a mute first owner",     [9: .isMute],                                      [4, 5, 2, 3],    .lost),
        Case("mute, found elsewhere",  [9: .isMute, 4: .says(.page)],                     [4],             nil),
        Case("a suspect holder",       [5: .isSuspect],                                   [9, 4, 2, 3],    .lost),
        Case("a suspect spare",        [2: .isSuspect],                                   [9, 4, 5, 3],    .read),
        Case("a dead spare",           [2: .says(.dead)],                                 [9, 4, 5, 2, 3], .read),
        Case("a late spare",           [2: .says(.late)],                                 [9, 4, 5, 2, 3], .read),
        Case("a dead holder",          [4: .says(.dead)],                                 [9, 4, 5, 2, 3], .lost),
        Case("a late holder",          [4: .says(.late)],                                 [9, 4, 5, 2, 3], .rebalance),
        Case("an evicted page",        [2: .says(.evicted)],                              [9, 4, 5, 2, 3], .rebalance),
        Case("late outweighs lost",    [4: .says(.late), 5: .isSuspect],                  [9, 4, 2, 3],    .rebalance),
    ]

    static func target(_ node: UInt64) -> WorkerTarget {
        WorkerTarget(node: NodeID(node), name: "w\(node)", data: "", socket: nil)
    }

    static func route(epoch: UInt64 = 7) -> PageRoute {
        var route = PageRoute()
        route.epoch = RingEpoch(epoch)
        route.owners = [9, 2, 3].map(target)
        route.holders = [9, 4, 5].map(target)
        route.spares = [2, 3].map(target)
        route.isSettled = false
        return route
    }

    @Test(arguments: cases) func asking(_ row: Case) {
        var search = HolderSearch(Self.route(), for: NodeID(1), pages: [6])
        var asked: [UInt64] = []
        let suspects = row.manners.filter { if case .isSuspect = $0.value { true } else { false } }
        var step = search.next { suspects[$0.rawValue] != nil }
        while step != .finished, asked.count < 10 {
            switch step {
            case .probe(let worker):
                #expect(worker.node == NodeID(9))
                let isMute = if case .isMute? = row.manners[9] { true } else { false }
                search.probed(isAlive: !isMute)
            case .ask(let worker, let pages):
                #expect(pages == [6])
                asked.append(worker.node.rawValue)
                let manner = row.manners[worker.node.rawValue] ?? .says(.miss)
                guard case .says(let word) = manner else {
                    Issue.record("\(worker.name) was asked")
                    return
                }
                search.heard(word, about: 6)
            case .finished: break
            }
            step = search.next { suspects[$0.rawValue] != nil }
        }
        #expect(asked == row.asked)
        #expect(search.findings.missing.isEmpty == (row.cause == nil))
        if let cause = row.cause { #expect(search.findings.cause(of: 6) == cause) }
    }

    @Test func whoeverAsksIsNotAsked() {
        var search = HolderSearch(Self.route(), for: NodeID(9), pages: [6])
        let step = search.next { _ in false }
        #expect(step == .ask(Self.target(4), [6]))
    }

    @Test func onlyWhatIsMissingIsAskedFor() {
        var search = HolderSearch(Self.route(), for: NodeID(9), pages: 6..<10)
        _ = search.next { _ in false }
        search.heard(.page, about: 7)
        search.heard(.evicted, about: 8)
        let step = search.next { _ in false }
        #expect(step == .ask(Self.target(5), [6, 8, 9]))
        #expect(search.findings.missingRuns == [6..<7, 8..<10])
        #expect(search.findings.cause(of: 8) == .rebalance)
        #expect(search.findings.cause(of: 9) == .read)
    }

    @Test func aRemovedHolderCountsAsLost() {
        var route = Self.route()
        route.hasRemovedHolder = true
        let search = HolderSearch(route, for: NodeID(9), pages: [6])
        #expect(search.findings.cause(of: 6) == .lost)
    }
}

extension HolderSearchTests.Case {
    init(
        _ name: String,
        _ manners: [UInt64: HolderSearchTests.Manner],
        _ asked: [UInt64],
        _ cause: FetchCause?
    ) {
        self.init(testDescription: name, manners: manners, asked: asked, cause: cause)
    }
}
