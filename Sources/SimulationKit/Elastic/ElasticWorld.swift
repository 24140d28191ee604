// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Codecs
import ElasticCore
import PlacementCore
import Primitives

/// Regions of workers that come and go, with their pages, readers and people, from one seed.
///
/// ```
///   people, workers ──commands, encoded──▶ a log with leaders ──▶ each worker's Catalog, in its own time
///        ▲                                                              │
///   RingSteward of whoever leads ◀── who seems alive                    ▼
///   ReadPlan ─▶ PageTurn ─▶ HolderSearch ─▶ origin          RegionView ─▶ MovePlan ─▶ offers ─▶ drops
/// ```
/// All of these decisions are production's. Simulated are the disks' contents, the way between two workers,
/// the order in which commands are committed, and who seems alive to whom.
///
/// The consensus below is a log that somebody leads, and not the cores of ``World``: those worlds show, over
/// real disks and messages, that there is one order of commands, of which whoever proposed one may not hear,
/// with gaps while nobody leads. That much is what these worlds draw by their seeds; so they can afford
/// minutes with twenty workers, and strike leaders between two steps.
struct ElasticWorld {
    indirect enum Event: Sendable {
        case request(UInt64, isRepeated: Bool)
        case reply(UInt64, CallReply)
        case check(UInt64)
        case turn(UInt64)
        case offer(UInt64)
        case originAnswered(run: UInt64, [UInt32])
        case originRead(UInt64)
        case written(worker: Int, life: UInt64, run: UInt64, PageName, UInt64)
        case offerWritten(UInt64, PageName, UInt64)
        case readerWakes(Int)
        case feed(worker: Int, life: UInt64)
        case register(worker: Int, life: UInt64)
        case moverLook(worker: Int, life: UInt64)
        case moverStep(worker: Int, move: UInt64)
        case moverReport(worker: Int, move: UInt64)
        case copyLook(worker: Int, life: UInt64)
        case copyStep(worker: Int, UInt64)
        case steward(term: UInt64)
        case proposal(UInt64)
        case commit(UInt64, term: UInt64)
        case proposed(UInt64, CatalogOutcome?)
        case gossip
        case fault(Int)
        case start(worker: Int)
        case person(PersonsWish)
        case joining
    }

    let plan: ElasticPlan
    var nowUS: UInt64 = 0
    var random: SplitMix64
    var queue = EventQueue<Event>()
    var workers: [ElasticWorker] = []
    var positions: [NodeID: Int] = [:]
    var log = SequencedLog()
    var network = ElasticNetwork()
    var lastID: UInt64 = 0
    var calls: [UInt64: Call] = [:]
    var turns: [UInt64: Turn] = [:]
    var runs: [UInt64: FillRun] = [:]
    var offers: [UInt64: OfferWork] = [:]
    var reads: [UInt64: ReadWork] = [:]
    var readers: [Reader] = []
    var objects: [SimulatedObject] = []
    /// While the origin answers nothing.
    var originIsDownUntilUS: UInt64 = 0
    /// When the last of its outages began.
    var originWentDownUS: UInt64 = 0
    var acceptsFaults = false
    var isHealed = false
    /// Nobody begins another read.
    var readersRest = false
    var schedule: [PlannedElasticFault] = []
    var facts: [ElasticFact] = []
    var tally = ElasticTally()
    var digest = TraceDigest()
    /// Rings that some worker has built: the points are the costly part, and a function of the members.
    var sharedViews: [String: RegionView] = [:]
    /// Something that the world itself cannot go on from.
    var complaint: String?
    let trace: ((String) -> Void)?

    init(plan: ElasticPlan, trace: ((String) -> Void)? = nil) {
        self.plan = plan
        self.trace = trace
        random = SplitMix64(seed: plan.seed ^ 0x0E1A_571C_0001)
        makeObjects()
        for region in 0..<plan.regionCount {
            for _ in 0..<plan.workerCount { addWorker(in: "r\(region)") }
        }
        form()
        for reader in 0..<plan.readers * plan.regionCount {
            readers.append(Reader(region: "r\(reader % plan.regionCount)"))
            queue.add(.readerWakes(reader), at: 1_000_000 + UInt64(reader) * 10_000)
        }
        queue.add(.gossip, at: 0)
    }

    /// Lets the next event happen; `false` if none is left before `deadlineUS`.
    mutating func advance(until deadlineUS: UInt64) -> Bool {
        guard let (timeUS, event) = queue.next(by: deadlineUS) else {
            nowUS = deadlineUS
            return false
        }
        nowUS = timeUS
        tally.events += 1
        facts.removeAll(keepingCapacity: true)
        handle(event)
        return true
    }

    private mutating func handle(_ event: Event) {
        switch event {
        case .request(let id, let isRepeated): arrive(id, isRepeated: isRepeated)
        case .reply(let id, let reply): answered(id, reply)
        case .check(let id): check(id)
        case .turn(let id): takeTurn(id)
        case .offer(let id): workOn(offer: id)
        case .originAnswered(let run, let pages): originAnswered(run, pages)
        case .originRead(let id): originRead(id)
        case .written(let worker, let life, let run, let name, let value):
            written(worker, life, run, name, value)
        case .offerWritten(let id, let name, let value): offerWritten(id, name, value)
        case .readerWakes(let reader): wake(reader)
        case .feed(let worker, let life): feed(worker, life)
        case .register(let worker, let life): register(worker, life)
        case .moverLook(let worker, let life): lookAtMoves(worker, life)
        case .moverStep(let worker, let move): stepMove(worker, move)
        case .moverReport(let worker, let move): reportMove(worker, move)
        case .copyLook(let worker, let life): lookAtCopies(worker, life)
        case .copyStep(let worker, let id): stepCopies(worker, id)
        case .steward(let term): keepRings(term)
        case .proposal(let id): proposalArrives(id)
        case .commit(let id, let term): commit(id, term)
        case .proposed(let id, let outcome): proposed(id, outcome)
        case .gossip: gossip()
        case .fault(let number): inject(number)
        case .start(let worker): start(worker)
        case .person(let wish): carryOut(wish)
        case .joining: joinOne()
        }
    }

    // MARK: - Small things

    var nowMS: UInt64 { nowUS / 1_000 }

    mutating func newID() -> UInt64 {
        lastID += 1
        return lastID
    }

    func tell(_ line: @autoclosure () -> String) {
        trace?("\(Self.seconds(nowUS)) \(line())")
    }

    static func seconds(_ us: UInt64) -> String {
        let thousandths = String(us / 1_000 % 1_000)
        return "\(us / 1_000_000)." + String(repeating: "0", count: 3 - thousandths.count)
            + thousandths
    }

    /// What a page's bytes are: a hash of its name.
    static func value(of name: PageName) -> UInt64 {
        XXH64.hash([UInt8(truncatingIfNeeded: name.object), UInt8(truncatingIfNeeded: name.page)])
    }

    var originIsUp: Bool { nowUS >= originIsDownUntilUS }

    /// Whether a worker has been up and in reach of everybody for a while: nobody doubts it still.
    func isSound(_ worker: Int) -> Bool {
        workers[worker].isUp && nowUS >= network.troubledUntilUS[worker] + 12_000_000
    }
}
