// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import FeedCore
import Primitives
import Testing

extension ClusterTests {
    /// Three voters, and more workers without a vote than the voters feed themselves.
    @Suite struct FeedTests {
        /// The followers by their places, once each is fed by whom it should be.
        private func settled(
            _ cluster: TestCluster
        ) async throws -> (relays: [TestWorker], observers: [TestWorker]) {
            let followers = Array(cluster.workers.dropFirst(3))
            func place(_ worker: TestWorker) throws -> FeedTree.Place {
                try worker.node.feedFacts.place
            }
            try await eventually("all are active and fed as the tree says", within: .seconds(40)) {
                guard try cluster[0].node.view().catalog.workers.allSatisfy({ $0.state == .active })
                else { return false }
                return try followers.allSatisfy { worker in
                    let facts = try worker.node.feedFacts
                    guard let source = facts.source, facts.standby != nil else { return false }
                    let isVoter = source.rawValue <= 3
                    return facts.place == .relay ? isVoter : !isVoter
                }
            }
            let relays = try followers.filter { try place($0) == .relay }
            let observers = try followers.filter { try place($0) == .observer }
            return (relays, observers)
        }

        /// Goal: the voters feed the relays alone, and everybody else knows what voters know: who leads,
        /// how old it is, what is committed.
        @Test func observersLiveByTheirRelays() async throws {
            try await TestCluster.run(count: 9, voters: 3) { cluster in
                let (relays, observers) = try await settled(cluster)
                #expect(relays.count == 3 && observers.count == 3)
                let voters = cluster.workers.prefix(3)
                try await eventually("the voters feed three") {
                    try voters.map { try $0.node.feedFacts.streams }.reduce(0, +) == 3
                }
                #expect(try relays.map { try $0.node.feedFacts.streams }.reduce(0, +) == 3)
                let leader = try await cluster.leader().name
                for observer in observers {
                    let status = try observer.node.status()
                    #expect(status.leader == leader && status.quorumHave == 3)
                    #expect(status.relays.count == 3 && status.voters.allSatisfy(\.isReachable))
                    let path = "/by-\(observer.name)"
                    let revision = try await observer.write(put(path))
                    for reader in observers {
                        #expect(try await reader.read(path)?.modRevision == revision)
                    }
                    try await eventually("an age is known at \(observer.name)") {
                        try observer.node.view().staleness.map { $0 < .seconds(3) } ?? false
                    }
                }
            }
        }

        /// Goal: no change is lost or doubled for who watches at a relay's followers when it dies.
        @Test func aRelayThatDiesIsReplacedWithinTwoSeconds() async throws {
            try await TestCluster.run(count: 9, voters: 3) { cluster in
                let (relays, observers) = try await settled(cluster)
                let busiest = try relays.max {
                    try $0.node.feedFacts.streams < $1.node.feedFacts.streams
                }
                let relay = try #require(busiest)
                let from = try observers[0].node.view().catalog.revision.next
                let request = WatchRequest(
                    from: from,
                    includesState: false,
                    prefix: CatalogKey.mounts
                )
                let readings = try observers.map { try $0.node.watch(request) }.map { stream in
                    Task { await changes(of: stream, through: "/last") }
                }
                for number in 0..<5 { try await cluster[0].write(put("/a\(number)")) }
                await relay.stop(.crash)
                let died = ContinuousClock.now
                let revision = try await cluster[1].write(put("/b"))
                for observer in observers {
                    try await observer.node.wait(for: revision, within: .seconds(5))
                }
                #expect(ContinuousClock.now - died < .seconds(3), "two, and this machine's leisure")
                try await cluster[0].write(put("/last"))
                var seen: [[CatalogChange]] = []
                for reading in readings { seen.append(await reading.value) }
                #expect(seen[0].count == 7 && Set(seen).count == 1, "the same everywhere, once")
            }
        }

        /// Goal: who asks no voter says as soon as others that too few answer, and names them.
        @Test func anObserverNamesTheMissingVoters() async throws {
            try await TestCluster.run(count: 8, voters: 3) { cluster in
                let (_, observers) = try await settled(cluster)
                let observer = try #require(observers.first)
                for voter in cluster.workers.prefix(2) { await voter.stop(.crash) }
                let began = ContinuousClock.now
                try await eventually("the missing are named") {
                    let failure = try await observer.failure(of: put("/no"), within: .seconds(4))
                    return failure == .noQuorum(have: 1, need: 2, missing: ["w1", "w2"])
                }
                #expect(ContinuousClock.now - began < .seconds(5))
                let then = try #require(try observer.node.view().staleness)
                try await eventually("its age grows: nobody confirms anything") {
                    try observer.node.view().staleness.map { $0 > then } ?? false
                }
                for voter in cluster.workers.prefix(2) { try await voter.start() }
                try await eventually("the observer is told that all answer") {
                    try observer.node.status().quorumHave == 3
                }
                try await observer.write(put("/healed"))
            }
        }

        /// Goal: a leader that no quorum confirms goes on feeding, and says how old that is.
        @Test func anUnconfirmedLeadersFeedAges() async throws {
            try await TestCluster.run(count: 4, voters: 3) { cluster in
                let leader = try await cluster.leader()
                let others = cluster.followers(of: leader).filter(\.isVoter)
                let observer = cluster[3]
                for worker in others { await worker.stop(.crash) }
                try await eventually("it is fed by the one that is left") {
                    let source = try observer.node.feedFacts.source
                    return try source == leader.node.view().catalog.worker(named: leader.name)?.id
                }
                try await eventually("it is three seconds old, and fed all the time") {
                    let facts = try observer.node.feedFacts
                    return facts.source != nil && facts.age.map { $0 > .seconds(3) } ?? false
                }
                for worker in others { try await worker.start() }
                let revision = try await others[0].write(put("/healed"))
                try await observer.node.wait(for: revision, within: .seconds(20))
                try await eventually("it is young again") {
                    try observer.node.view().staleness.map { $0 < .seconds(2) } ?? false
                }
            }
        }

        /// Goal: cut off from everybody, a worker starts from what it had.
        @Test func aWorkerStartsFromItsReplicaWhileNobodyAnswers() async throws {
            try await TestCluster.run(count: 4, voters: 3) { cluster in
                try await cluster[0].write(put("/kept"))
                try await cluster.agree()
                let observer = cluster[3]
                let revision = try observer.node.view().catalog.revision
                try await eventually("it is on the disk") {
                    let saved = try CheckpointFile(observer.directory).load()
                    return saved.map { $0.catalog.revision >= revision } ?? false
                }
                for worker in cluster.workers { await worker.stop(.crash) }
                try await observer.start()
                let view = try observer.node.view()
                #expect(view.catalog.mount(at: "/kept") != nil)
                #expect(try observer.node.readiness() == .ready)
                #expect(
                    view.staleness == nil,
                    "a process that starts anew does not know how old it is"
                )
                let failure = try await observer.failure(of: put("/no"), within: .seconds(5))
                #expect(failure != nil)
                try await cluster[0].start()
                try await cluster[1].start()
                try await eventually("it goes on") {
                    try await observer.failure(of: put("/on"), within: .seconds(5)) == nil
                }
            }
        }
    }
}
