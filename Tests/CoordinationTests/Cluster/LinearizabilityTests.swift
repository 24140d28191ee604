// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Primitives
import Testing

extension ClusterTests {
    /// Registers with conditional writes from many clients at any node, while leaders end.
    ///
    /// Judged by revisions (`notes`: finds most, and shows where): the writes of a register in the
    /// order of their revisions form one chain, each replacing exactly the one before; an operation
    /// that ended before another began has the lower revision; a read gives the newest write that it
    /// may, never an older one than was known when it began.
    @Suite struct LinearizabilityTests {
        struct Operation: Sendable {
            enum Kind: Sendable {
                case write(replacing: Revision, gives: Revision)
                case read(Revision)
            }

            let path: String
            let kind: Kind
            let began: ContinuousClock.Instant
            let ended: ContinuousClock.Instant

            var revision: Revision {
                switch kind {
                case .write(_, let gives): gives
                case .read(let seen): seen
                }
            }
        }

        static func client(
            _ cluster: TestCluster,
            seed: UInt64,
            until isOver: @Sendable () -> Bool
        ) async -> [Operation] {
            var random = SplitMix64(seed: seed)
            var operations: [Operation] = []
            while !isOver() {
                guard let worker = cluster.workers.filter(\.isRunning).randomElement(using: &random)
                else {
                    try? await Task.sleep(for: .milliseconds(5))
                    continue
                }
                let path = "/r\(Int.random(in: 0..<3, using: &random))"
                let began = ContinuousClock.now
                guard let seen = try? await worker.read(path)?.modRevision ?? .zero else {
                    continue
                }
                let read = ContinuousClock.now
                operations.append(
                    Operation(path: path, kind: .read(seen), began: began, ended: read)
                )
                guard random.chance(percent: 60) else { continue }
                let condition: Precondition =
                    seen == .zero ? .absent(plain: false) : .revision(seen)
                // Refused and unknown ones are left out: an unknown one shows up in the chain.
                if let gives = try? await worker.write(put(path, if: condition)) {
                    operations.append(
                        Operation(
                            path: path,
                            kind: .write(replacing: seen, gives: gives),
                            began: read,
                            ended: ContinuousClock.now
                        )
                    )
                }
            }
            return operations
        }

        @Test(arguments: [UInt64(11)])
        func registersAreLinearizableWhileLeadersEnd(seed: UInt64) async throws {
            try await TestCluster.run(count: 4, voters: 3) { cluster in
                let isOver = Waiters(reached: 0)
                defer { isOver.advance(to: 1) }  // Also when the test fails: or they never end.
                let clients = (0..<6).map { number in
                    Task {
                        await Self.client(cluster, seed: seed + UInt64(number)) {
                            isOver.reached > 0
                        }
                    }
                }
                for round in 0..<3 {
                    let before = try cluster[3].node.view().catalog.revision
                    try await eventually("clients get on, round \(round)") {
                        try cluster[3].node.view().catalog.revision.rawValue > before.rawValue + 15
                    }
                    let leader = try await cluster.leader()
                    await leader.stop(round == 1 ? .farewell : .crash)
                    let gone = try cluster[3].node.view().catalog.revision
                    try await eventually("they go on without it") {
                        try cluster[3].node.view().catalog.revision.rawValue > gone.rawValue + 5
                    }
                    try await leader.start()
                }
                isOver.advance(to: 1)
                var operations: [Operation] = []
                for client in clients { operations += await client.value }
                let violations = Self.violations(operations)
                #expect(violations == [], "seed \(seed)")
                #expect(operations.count > 100, "seed \(seed): something was tested")
            }
        }

        static func violations(_ operations: [Operation]) -> [String] {
            var found: [String] = []
            for (path, all) in Dictionary(grouping: operations, by: \.path) {
                let writes = all.compactMap { operation -> (from: Revision, to: Revision)? in
                    guard case .write(let from, let to) = operation.kind else { return nil }
                    return (from, to)
                }.sorted { $0.to < $1.to }
                for (earlier, later) in zip(writes, writes.dropFirst()) {
                    if later.to == earlier.to { found.append("\(path): \(later.to) given twice") }
                    if later.from < earlier.to {
                        found.append("\(path): \(later.from) replaced twice, by \(earlier.to)")
                    }
                }
            }
            return found + realTimeViolations(operations)
        }

        /// Whatever began after another ended is at least as new; a write is newer.
        private static func realTimeViolations(_ operations: [Operation]) -> [String] {
            var found: [String] = []
            for (path, all) in Dictionary(grouping: operations, by: \.path) {
                let byEnd = all.sorted { $0.ended < $1.ended }
                var newest = Revision.zero
                var next = 0
                for operation in all.sorted(by: { $0.began < $1.began }) {
                    while next < byEnd.count, byEnd[next].ended <= operation.began {
                        newest = max(newest, byEnd[next].revision)
                        next += 1
                    }
                    let isOld: Bool
                    switch operation.kind {
                    case .read(let seen): isOld = seen < newest
                    case .write(_, let gives): isOld = gives <= newest
                    }
                    if isOld {
                        found.append("\(path): \(operation.kind) after \(newest) was known")
                    }
                }
            }
            return found
        }

        /// Goal: the judge itself sees what it is for.
        @Test func theJudgeSeesBadHistories() {
            let start = ContinuousClock.now
            func operation(_ kind: Operation.Kind, _ began: Int, _ ended: Int) -> Operation {
                Operation(
                    path: "/r",
                    kind: kind,
                    began: start + .seconds(began),
                    ended: start + .seconds(ended)
                )
            }
            let one = operation(.write(replacing: .zero, gives: Revision(5)), 0, 1)
            let good = [one, operation(.read(Revision(5)), 2, 3), operation(.read(.zero), 0, 1)]
            #expect(Self.violations(good) == [])
            let bad: [Operation] = [
                operation(.read(.zero), 2, 3),  // Stale.
                operation(.write(replacing: .zero, gives: Revision(6)), 0, 9),  // Lost update.
                operation(.write(replacing: Revision(5), gives: Revision(5)), 0, 9),  // Twice.
                operation(.write(replacing: Revision(3), gives: Revision(4)), 2, 3),
            ]
            for history in bad { #expect(!Self.violations([one, history]).isEmpty, "\(history)") }
        }
    }
}
