// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import ElasticCore
import Primitives
import Synchronization
import Testing

/// What a leader does about silence and change, moment by moment.
struct RingStewardTests {
    /// A region, a steward, a clock; what the steward says is done at once.
    final class World {
        var catalog: Catalog
        var steward = RingSteward()
        var nowMS: UInt64 = 1_000_000
        var dead: Set<NodeID> = []
        var votes: [NodeID: RingSteward.Sight.Vote] = [:]
        private(set) var epochs: [UInt64] = [1]

        init(workers: Int) {
            catalog = Catalog()
            let registrations = (1...workers).map { Self.registration($0) }
            let entry = ClusterEntry(
                id: ClusterID(UniqueID(high: 1, low: 1)),
                generation: 1,
                survival: .zone,
                timing: .lan,
                featureLevel: 1,
                voters: [NodeID(1)]
            )
            apply(.genesis(entry, registrations))
        }

        static func registration(_ number: Int, gibibytes: UInt64 = 1) -> WorkerRegistration {
            WorkerRegistration(
                store: StoreID(UniqueID(high: 2, low: UInt64(number))),
                name: "w\(number)",
                region: "ap",
                zone: "z\(number % 3)",
                addresses: WorkerAddresses(http: "", s3: nil, data: "", peer: "", socket: nil),
                capacity: gibibytes << 30,
                version: "1",
                startedAtUnixMS: 0
            )
        }

        @discardableResult
        func apply(_ operation: CatalogCommand.Operation) -> CatalogOutcome {
            catalog.apply(CatalogCommand(operation: operation, elapsedMS: nowMS)).outcome
        }

        func join(_ number: Int) {
            apply(.register(Self.registration(number)))
            apply(.activate(NodeID(UInt64(number))))
        }

        /// Everybody alive says that nothing is left to be given away.
        func report() {
            for worker in catalog.workers where !dead.contains(worker.id) {
                apply(
                    .handoff(
                        .report(
                            HandoffReport(
                                node: worker.id,
                                epoch: ring.epoch,
                                remaining: .init(),
                                moved: .init(),
                                isDone: true
                            )
                        )
                    )
                )
            }
        }

        var ring: RingEntry {
            guard let ring = catalog.ring(region: "ap") else { preconditionFailure("no ring") }
            return ring
        }

        func state(_ number: UInt64) -> WorkerEntry.State? {
            catalog.worker(id: NodeID(number))?.state
        }

        /// Looks every 200 ms, and does what is said.
        func pass(_ milliseconds: UInt64, reporting: Bool = false) {
            let end = nowMS + milliseconds
            while nowMS < end {
                nowMS += 200
                let (dead, votes) = (dead, votes)
                let sight = RingSteward.Sight(
                    isAlive: { !dead.contains($0) },
                    isDead: { dead.contains($0) },
                    vote: { votes[$0] ?? .none }
                )
                for step in steward.next(in: catalog, seeing: sight, nowMS: nowMS) { apply(step) }
                if ring.epoch.rawValue != epochs.last { epochs.append(ring.epoch.rawValue) }
                if reporting { report() }
            }
        }
    }

    @Test func joinsWithinASecondShareAnEpoch() {
        let world = World(workers: 3)
        for number in 4...8 {
            world.join(number)
            world.pass(400)
        }
        #expect(world.epochs == [1])
        world.pass(1_200)
        #expect(world.epochs == [1, 2] && world.ring.members.count == 8)
    }

    /// 20 workers within 5 s: at most 3 epochs, the first ring's included.
    @Test func aSteadyStreamOfJoinsMakesFewEpochs() {
        let world = World(workers: 3)
        for number in 4...23 {
            world.join(number)
            world.pass(200, reporting: true)
        }
        world.pass(4_000, reporting: true)
        #expect(world.epochs.count <= 3 && world.ring.members.count == 23, "\(world.epochs)")
        #expect(world.ring.isSettled)
    }

    @Test func whoIsBackWithinAMinuteKeepsItsPlace() {
        let world = World(workers: 5)
        world.dead = [NodeID(5)]
        world.pass(59_000)
        world.dead = []
        world.pass(10_000)
        #expect(world.epochs == [1] && world.state(5) == .active)
    }

    @Test func afterAMinuteTheRingGoesOnWithout() {
        let world = World(workers: 5)
        world.dead = [NodeID(5)]
        world.pass(61_000)
        #expect(world.state(5) == .suspended && world.ring.members.count == 4)
        world.pass(2_000, reporting: true)
        #expect(world.ring.isSettled, "nobody waits for the dead")
        world.dead = []
        world.pass(3_000, reporting: true)
        #expect(world.state(5) == .active && world.ring.members.count == 5)
        #expect(world.epochs == [1, 2, 3])
    }

    // swift-format-ignore
    static let losses: [(workers: Int, dead: [UInt64], isHeld: Bool)] = [
        (1, [1],       true),
        (2, [2],       false),
        (2, [1, 2],    true),
        (3, [3],       false),
        (3, [2, 3],    true),
        (5, [5],       false),
        (5, [4, 5],    true),
        (6, [5, 6],    false),
        (9, [7, 8, 9], false),
        (9, [6, 7, 8, 9], true),
    ]

    @Test(arguments: losses)
    func tooManyAtOnceHoldTheRing(_ row: (workers: Int, dead: [UInt64], isHeld: Bool)) {
        let world = World(workers: row.workers)
        // One after the other, as they are found out.
        for node in row.dead {
            world.dead.insert(NodeID(node))
            world.pass(1_000)
        }
        world.pass(70_000)
        #expect(world.ring.heldFor.map(\.rawValue) == (row.isHeld ? row.dead : []), "\(row)")
        #expect(world.ring.epoch.rawValue == 1 || !row.isHeld, "\(row)")
        #expect(row.isHeld || world.ring.members.count == row.workers - row.dead.count, "\(row)")
    }

    @Test func aHeldRingIsReleasedByThoseWhoComeBack() {
        let world = World(workers: 5)
        world.dead = [NodeID(4), NodeID(5)]
        world.pass(65_000)
        #expect(world.ring.heldFor.count == 2)
        world.dead = [NodeID(5)]
        world.pass(2_000)
        #expect(world.ring.heldFor.isEmpty && world.state(5) == .suspended, "one alone is no mass")
        world.dead = []
        world.pass(3_000, reporting: true)
        #expect(world.ring.members.count == 5)
    }

    @Test func oneAfterTheOtherWithinAMinuteIsAMassToo() {
        let world = World(workers: 5)
        world.dead = [NodeID(5)]
        world.pass(61_000, reporting: true)
        #expect(world.state(5) == .suspended)
        world.dead.insert(NodeID(4))
        world.pass(30_000, reporting: true)
        #expect(world.ring.heldFor.isEmpty, "its own minute is not over")
        world.pass(90_000, reporting: true)
        #expect(world.state(4) == .suspended, "by then the first loss is long past")
    }

    @Test func aPersonForcesAHeldRing() {
        let world = World(workers: 5)
        world.dead = [NodeID(4), NodeID(5)]
        world.pass(65_000)
        world.apply(.ring(.force(region: "ap")))
        world.pass(2_000, reporting: true)
        #expect(world.ring.members.count == 3 && world.ring.isSettled)
    }

    @Test func aFifthChangeWaitsAndALossDoesNot() {
        let world = World(workers: 9)
        for number in 10...13 {
            world.join(number)
            world.pass(1_500)
        }
        #expect(world.ring.epoch.rawValue == 5 && world.ring.isFull)
        world.join(14)
        world.pass(10_000)
        #expect(world.ring.epoch.rawValue == 5, "it waits")
        world.dead = [NodeID(3)]
        world.pass(62_000)
        #expect(world.ring.epoch.rawValue == 6)
        #expect(world.ring.previous.map(\.epoch.rawValue) == [4, 3, 2, 1])
        world.pass(5_000, reporting: true)
        #expect(world.ring.isSettled && world.ring.members.count == 13)
    }

    // swift-format-ignore
    static let votes: [(vote: RingSteward.Sight.Vote, state: WorkerEntry.State, keeps: Bool)] = [
        (.none,   .drained,  false),
        (.moving, .draining, false),
        (.kept,   .drained,  true),
    ]

    @Test(arguments: votes)
    func aDrainEndsOnceThePagesAreGoneAndTheVoteIsDecided(
        _ row: (vote: RingSteward.Sight.Vote, state: WorkerEntry.State, keeps: Bool)
    ) {
        let world = World(workers: 4)
        let node = NodeID(4)
        world.votes[node] = row.vote
        world.apply(.worker(.drain(WorkerDrain(node))))
        world.pass(2_000)
        #expect(world.ring.members.count == 3 && world.state(4) == .draining, "pages are there")
        world.report()
        world.pass(400)
        #expect(world.state(4) == row.state)
        #expect(world.catalog.drainJob(of: node)?.keepsVote == row.keeps)
    }

    @Test func whoDrainsAndFallsSilentIsMarkedAndNotWaitedFor() {
        let world = World(workers: 4)
        world.apply(.worker(.drain(WorkerDrain(NodeID(4)))))
        world.pass(2_000)
        world.dead = [NodeID(4)]
        world.pass(62_000, reporting: true)
        #expect(world.catalog.worker(id: NodeID(4))?.isSilent == true)
        #expect(world.state(4) == .draining && world.ring.isSettled)
        world.dead = []
        world.pass(1_000, reporting: true)
        #expect(world.state(4) == .drained)
    }
}
