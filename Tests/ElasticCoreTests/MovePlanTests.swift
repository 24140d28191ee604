// SPDX-License-Identifier: Apache-2.0
import Codecs
import ElasticCore
import PlacementCore
import Primitives
import Testing

/// Goal: what is sent when, as values: order, sizes, rates, rests, and every page once.
struct MovePlanTests {
    private static func unit(
        _ name: String,
        pages: UInt64 = 1,
        heat: UInt64 = 0,
        byteCount: Int = 1_000
    ) -> HeldUnit {
        HeldUnit(
            object: ObjectIdentity(
                origin: OriginID(1),
                key: ByteString(name),
                version: "v",
                byteCount: UInt64(byteCount)
            ),
            unit: 0,
            pages: pages,
            heat: heat
        )
    }

    private static let free = HandoffLimits(bytesPerSecond: 0, streams: 4)

    /// Every batch of a plan, each taken whole.
    private static func batches(_ plan: MovePlan, _ limits: HandoffLimits = free) -> [MoveBatch] {
        var plan = plan
        var batches: [MoveBatch] = []
        while case .send(let batch) = plan.step(limits, running: 0, nowMS: 0) {
            batches.append(batch)
            plan.settle(batch, .taken, nowMS: 0)
        }
        return batches
    }

    @Test func theHottestComeFirstAndEachTargetHasItsOwnBatches() {
        let (a, b) = (NodeID(1), NodeID(2))
        let plan = MovePlan(
            [
                (Self.unit("cold", heat: 0), a), (Self.unit("warm", heat: 5), b),
                (Self.unit("hot", heat: 9), a), (Self.unit("second", heat: 5), b),
            ],
            nowMS: 0
        )
        let batches = Self.batches(plan)
        #expect(batches.map(\.target) == [a, b])
        #expect(
            batches.map { $0.units.map(\.object.key) } == [["hot", "cold"], ["warm", "second"]]
        )
    }

    // swift-format-ignore
    static let cuts: [(name: String, units: [HeldUnit], rate: UInt64, pages: [Int])] = [
        ("64 small pages",  (0..<130).map { unit("\($0)") },                        0,       [64, 64, 2]),
        ("16 MiB",          [unit("x", pages: (1 << 40) - 1, byteCount: 64 << 20)], 0,       [16, 16, 8]),
        ("¼ s of the rate", [unit("x", pages: 0xFF, byteCount: 64 << 20)],          8 << 20, [2, 2, 2, 2]),
        ("never below one", [unit("x", pages: 0xF, byteCount: 64 << 20)],           1_000,   [1, 1, 1, 1]),
        ("long names",      (0..<12).map { unit(String(repeating: "k", count: 4_000) + "\($0)") },
                                                                                    0,       [12]),
        ("longer names",    (0..<26).map { unit(String(repeating: "k", count: 4_000) + "\($0)") },
                                                                                    0,       [12, 12, 2]),
        ("holes",           [unit("x", pages: 0b1010_0001, byteCount: 64 << 20)],   0,       [3]),
    ]

    @Test(arguments: cuts.indices) func batchesAreCut(row: Int) {
        let row = Self.cuts[row]
        var plan = MovePlan(row.units.map { ($0, NodeID(7)) }, nowMS: 0)
        var now: UInt64 = 0
        var counts: [Int] = []
        loop: for _ in 0..<100 {
            let limits = HandoffLimits(bytesPerSecond: row.rate, streams: 1)
            switch plan.step(limits, running: 0, nowMS: now) {
            case .send(let batch):
                counts.append(batch.pageCount)
                let offer = PageOffer(
                    epoch: RingEpoch(1),
                    region: "ap",
                    giver: NodeID(1),
                    units: batch.units.map { unit in
                        PageOfferUnit(
                            object: PageObject(
                                origin: unit.object.origin,
                                key: unit.object.key,
                                version: unit.object.version,
                                byteCount: unit.object.byteCount
                            ),
                            unit: unit.unit,
                            pages: unit.pages
                        )
                    }
                )
                let frame = PageRequest.offer(offer).encoded(id: 1)
                #expect(frame.count <= PageProtocol.maximumRequestByteCount)
                #expect((try? PageRequest(kind: frame[4], decoding: Array(frame[13...]))) != nil)
                plan.settle(batch, .taken, nowMS: now)
            case .wait(let milliseconds): now += milliseconds
            case .finished: break loop
            }
        }
        #expect(counts == row.pages, "\(row.name)")
    }

    @Test func nothingBeginsWhilePausedOrWithAllStreamsBusy() {
        var plan = MovePlan([(Self.unit("x"), NodeID(1))], nowMS: 0)
        let paused = HandoffLimits(bytesPerSecond: 0, streams: 4, isPaused: true)
        #expect(plan.step(paused, running: 0, nowMS: 0) == .wait(.max))
        #expect(plan.step(Self.free, running: 4, nowMS: 0) == .wait(.max))
        let none = HandoffLimits(bytesPerSecond: 0, streams: 0)
        guard case .send = plan.step(none, running: 0, nowMS: 0) else {
            Issue.record("one stream at least")
            return
        }
        #expect(plan.step(Self.free, running: 1, nowMS: 0) == .finished)
    }

    @Test func aTargetThatTakesNothingRestsLongerAndLongerAndIsGivenUp() {
        var plan = MovePlan([(Self.unit("x"), NodeID(1)), (Self.unit("y"), NodeID(2))], nowMS: 0)
        guard case .send(let first) = plan.step(Self.free, running: 0, nowMS: 0),
            case .send(let other) = plan.step(Self.free, running: 0, nowMS: 0)
        else {
            Issue.record("two targets, two batches")
            return
        }
        plan.settle(other, .taken, nowMS: 0)
        var (batch, now) = (first, UInt64(0))
        var rests: [UInt64] = []
        while true {
            plan.settle(batch, .fruitless, nowMS: now)
            guard case .wait(let rest) = plan.step(Self.free, running: 0, nowMS: now) else { break }
            rests.append(rest)
            now += rest
            guard case .send(let again) = plan.step(Self.free, running: 0, nowMS: now) else {
                Issue.record("rested for \(rest)")
                return
            }
            #expect(again == batch)
            batch = again
        }
        #expect(rests == [1_000, 2_000, 4_000, 8_000, 16_000, 16_000, 16_000])
        #expect(plan.givenUp == [batch.target])
        #expect(plan.step(Self.free, running: 0, nowMS: now) == .finished)
    }

    /// Goal: silence that several batches met counts once.
    @Test func aTargetThatIsSilentToManyBatchesIsGivenUpNoSooner() {
        let units = (0..<64).map { (Self.unit("k\($0)", byteCount: 1 << 20), NodeID(1)) }
        var plan = MovePlan(units, nowMS: 0)
        var now: UInt64 = 0
        loop: while plan.givenUp.isEmpty {
            var running: [MoveBatch] = []
            while case .send(let batch) = plan.step(Self.free, running: running.count, nowMS: now) {
                running.append(batch)
            }
            #expect(running.count == 4)
            for batch in running { plan.settle(batch, .fruitless, nowMS: now) }
            switch plan.step(Self.free, running: 0, nowMS: now) {
            case .wait(let rest): now += rest
            case .send, .finished: break loop
            }
        }
        #expect(plan.givenUp == [NodeID(1)])
        #expect(now == 63_000)
    }

    @Test func aBusyTargetIsAskedAgainSoonAndNeverGivenUp() {
        var plan = MovePlan([(Self.unit("x"), NodeID(1))], nowMS: 0)
        var now: UInt64 = 0
        for _ in 0..<100 {
            guard case .send(let batch) = plan.step(Self.free, running: 0, nowMS: now) else {
                Issue.record("not sent at \(now)")
                return
            }
            plan.settle(batch, .busy, nowMS: now)
            guard case .wait(let rest) = plan.step(Self.free, running: 0, nowMS: now) else { break }
            now += rest
        }
        #expect(plan.givenUp.isEmpty && now == 25_000)
    }

    @Test func whatDidNotTravelIsNotCountedAgainstTheRate() {
        let units = (0..<8).map { (Self.unit("k\($0)", byteCount: 1 << 20), NodeID(1)) }
        let limits = HandoffLimits(bytesPerSecond: 4 << 20, streams: 1)
        var plan = MovePlan(units, nowMS: 0)
        let now: UInt64 = 0
        var batches = 0
        while case .send(let batch) = plan.step(limits, running: 0, nowMS: now) {
            let verdicts = [PageOfferVerdict](repeating: .present, count: batch.pageCount)
            plan.giveBack(batch.restingByteCount(.verdicts(verdicts)))
            plan.settle(batch, .taken, nowMS: now)
            batches += 1
        }
        #expect(batches == 8)
        #expect(plan.step(limits, running: 0, nowMS: now) == .finished)
    }

    @Test(arguments: [1 << 20, 10 << 20, 1_000_003, 1 << 30] as [UInt64], [0, 20, 500])
    func theRateHoldsToTheByte(rate: UInt64, lateMS: UInt64) {
        var random = SplitMix64(seed: rate)
        var bucket = TokenBucket(nowMS: 5)
        var (now, sum) = (UInt64(5), UInt64(0))
        for _ in 0..<2_000 {
            let wait = bucket.wait(bytesPerSecond: rate, nowMS: now)
            now += wait
            #expect(bucket.wait(bytesPerSecond: rate, nowMS: now) == 0)
            if wait > 0, lateMS > 0 { now += random.next() % (lateMS + 1) }
            _ = bucket.wait(bytesPerSecond: rate, nowMS: now)
            let batch = 1 + random.next() % (4 << 20)
            bucket.take(batch)
            sum += batch
        }
        now += bucket.wait(bytesPerSecond: rate, nowMS: now)
        let allowed = (now - 5 + 100) * rate / 1_000
        #expect(sum <= allowed + 1, "\(sum) in \(now - 5) ms")
        if lateMS <= 20 { #expect(sum * 10 >= allowed * 9, "\(sum) of \(allowed)") }
    }

    /// Goal: whatever targets answer, every page is acknowledged once or refused for a reason.
    ///
    /// Method: a model of what each target holds; plan and ledger drive it through rounds of scans, as
    /// the mover does, with targets that are full, dead for a while or for good, and pages that fail.
    @Test(arguments: UInt64(1)...40) func everyPageComesToAnEnd(seed: UInt64) {
        var world = MoveWorld(seed: seed)
        world.run()
        #expect(world.isOver, "seed \(seed)")
        for unit in world.units {
            let held = world.taken[unit.unit] ?? 0
            let mustArrive = world.canTakeAll(unit.target)
            if mustArrive {
                let arriving = unit.unit.pages & ~world.damaged[unit.unit, default: 0]
                #expect(held == arriving, "seed \(seed)")
            }
            #expect(held & world.damaged[unit.unit, default: 0] == 0, "seed \(seed)")
        }
        #expect(world.sentTwice == 0, "seed \(seed): offered though acknowledged")
        #expect(world.sentCount > 0)
    }
}

/// A giver's plan and ledger against targets that are a model.
private struct MoveWorld {
    enum Nature: CaseIterable { case good, full, dead, slowToWake, busy }

    private var random: SplitMix64
    let units: [(unit: HeldUnit, target: NodeID)]
    private var natures: [NodeID: Nature] = [:]
    private(set) var damaged: [HeldUnit: UInt64] = [:]
    private(set) var taken: [HeldUnit: UInt64] = [:]
    private(set) var sentTwice = 0
    private(set) var sentCount = 0
    private(set) var isOver = false
    private var now: UInt64 = 0

    init(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var units: [(unit: HeldUnit, target: NodeID)] = []
        for number in 0..<Int.random(in: 1...120, using: &random) {
            let isLarge = random.chance(percent: 30)
            let unit = HeldUnit(
                object: ObjectIdentity(
                    origin: OriginID(1),
                    key: ByteString("k\(number)"),
                    version: "v",
                    byteCount: isLarge ? 64 << 20 : 1 + random.next() % 1_000_000
                ),
                unit: 0,
                pages: isLarge ? max(1, random.next()) : 1,
                heat: random.next() % 5
            )
            let target = NodeID(UInt64.random(in: 1...4, using: &random))
            units.append((unit, target))
            if random.chance(percent: 5) { damaged[unit] = unit.pages & random.next() }
        }
        for number in UInt64(1)...4 {
            natures[NodeID(number)] = Nature.allCases.randomElement(using: &random)
        }
        self.units = units
        self.random = random
    }

    func canTakeAll(_ target: NodeID) -> Bool {
        [.good, .slowToWake, .busy].contains(natures[target])
    }

    mutating func run() {
        var ledger = HandoffLedger(epoch: RingEpoch(1))
        for _ in 0..<40 {
            var scan = HandoffScan(unitLimit: 16)
            for (unit, target) in units { scan.add(unit, for: target, ledger) }
            scan.finish()
            guard !scan.units.isEmpty else {
                isOver = true
                return
            }
            carry(scan.units, &ledger)
        }
    }

    private mutating func carry(
        _ units: [(unit: HeldUnit, target: NodeID)],
        _ ledger: inout HandoffLedger
    ) {
        var plan = MovePlan(units, nowMS: now)
        var running: [MoveBatch] = []
        for _ in 0..<10_000 {
            let limits = HandoffLimits(
                bytesPerSecond: random.chance(percent: 50) ? 0 : 64 << 20,
                streams: Int.random(in: 1...4, using: &random)
            )
            switch plan.step(limits, running: running.count, nowMS: now) {
            case .send(let batch): running.append(batch)
            case .wait(let milliseconds):
                now += min(milliseconds, 500)
                finishSome(&running, &plan, &ledger)
            case .finished:
                guard !running.isEmpty else {
                    ledger.giveUp(plan.givenUp)
                    return
                }
                finishSome(&running, &plan, &ledger)
            }
        }
        Issue.record("a plan without end")
    }

    /// One of them, or all at once, as where a connection breaks.
    private mutating func finishSome(
        _ running: inout [MoveBatch],
        _ plan: inout MovePlan,
        _ ledger: inout HandoffLedger
    ) {
        let count = random.chance(percent: 30) ? running.count : 1
        for _ in 0..<count { finishOne(&running, &plan, &ledger) }
    }

    private mutating func finishOne(
        _ running: inout [MoveBatch],
        _ plan: inout MovePlan,
        _ ledger: inout HandoffLedger
    ) {
        guard let index = running.indices.randomElement(using: &random) else { return }
        let batch = running.remove(at: index)
        let outcome = ledger.note(answer(to: batch), on: batch)
        plan.settle(batch, outcome, nowMS: now)
    }

    private mutating func answer(to batch: MoveBatch) -> OfferAnswer {
        sentCount += 1
        let nature = natures[batch.target] ?? .good
        if nature == .dead || (nature == .slowToWake && now < 20_000) { return .silence }
        if nature == .busy, random.chance(percent: 70) { return .busy }
        let verdicts = batch.units.flatMap { part in
            let whole = units.first { $0.unit.object == part.object }?.unit ?? part
            return part.pageNumbers.map { number -> PageOfferVerdict in
                let bit = UInt64(1) << UInt64(number)
                if taken[whole, default: 0] & bit != 0 { sentTwice += 1 }
                if nature == .full { return .noRoom }
                if damaged[whole, default: 0] & bit != 0 { return .failed }
                if nature == .busy, random.chance(percent: 40) { return .later }
                taken[whole, default: 0] |= bit
                return random.chance(percent: 10) ? .present : .stored
            }
        }
        return .verdicts(verdicts)
    }
}
