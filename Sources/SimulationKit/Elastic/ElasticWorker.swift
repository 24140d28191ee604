// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Codecs
import ElasticCore
import PlacementCore
import Primitives

/// One worker: its process with what it knows, and its disks, which outlive the process.
struct ElasticWorker: Sendable {
    /// A page on its way here, and who waits for it.
    struct Fill: Sendable {
        let standing: FillStanding
        var isFetching = false
        var outcome: PageWord?
        var turns: [UInt64] = []
        /// Offers that wait for what somebody else began.
        var offers: [UInt64] = []
    }

    /// How far a worker's pages have moved by one ring.
    struct Move: Sendable {
        enum Phase: Sendable { case carrying, resting, reporting }

        let id: UInt64
        var round: HandoffRound
        var plan: MovePlan
        var phase = Phase.carrying
        var running = 0
        var acknowledgedBefore: UInt64 = 0
        var reportAtMS: UInt64?
    }

    let store: StoreID
    let name: String
    let region: String
    let zone: String
    var capacity: UInt64
    var node: NodeID?
    var shelf: SimulatedShelf

    // The process.
    var isUp = true
    /// It never comes back.
    var isGone = false
    var life: UInt64 = 0
    var catalog = Catalog()
    /// Commands of the log that it has applied.
    var applied = 0
    var view: RegionView?
    var suspicions = Suspicions()
    var patience = EpochPatience()
    var fills: [PageName: Fill] = [:]
    var offersUnderWay = 0
    var move: Move?
    /// What its mover has nothing more to do about.
    var settled: HandoffSituation?
    var copying: CopyWork?
    var isLookingAfterCopies = false
    var fresh = FreshPages()
    var copySchedule = CopySchedule()
    var isFollowing = false
    /// While its replica gets nothing.
    var isLateUntilUS: UInt64 = 0
    /// What its disk would give it back after a restart.
    var checkpoint: (catalog: Catalog, applied: Int) = (Catalog(), 0)
    var checkpointAtUS: UInt64 = 0

    init(number: Int, region: String, zone: String, capacity: UInt64, shelf: SimulatedShelf) {
        store = StoreID(UniqueID(high: 0xE1, low: UInt64(number)))
        name = "w\(number)"
        self.region = region
        self.zone = zone
        self.capacity = capacity
        self.shelf = shelf
    }

    var epoch: RingEpoch { view?.ring?.epoch ?? .zero }

    var situation: HandoffSituation? {
        node.flatMap { HandoffSituation(catalog, region: region, me: $0) }
    }

    var registration: WorkerRegistration {
        WorkerRegistration(
            store: store,
            name: name,
            region: region,
            zone: zone,
            addresses: WorkerAddresses(http: "", s3: nil, data: name, peer: "", socket: nil),
            capacity: capacity,
            version: "1",
            startedAtUnixMS: 0
        )
    }

    /// The process ends; what was on its way to the disk is lost.
    mutating func end() {
        isUp = false
        life += 1
        fills = [:]
        move = nil
        settled = nil
        copying = nil
        isLookingAfterCopies = false
        fresh = FreshPages()
        copySchedule = CopySchedule()
        offersUnderWay = 0
        suspicions = Suspicions()
        patience = EpochPatience()
        isFollowing = false
    }

    /// What another process finds when it starts: an older state of the catalog, read from its encoding.
    mutating func start() throws(ByteDecodingError) {
        isUp = true
        applied = checkpoint.applied
        view = nil
        catalog =
            applied == 0
            ? Catalog() : try Catalog(decodingSnapshot: checkpoint.catalog.encodeSnapshot())
    }
}

/// What a worker says about one page.
enum PageWord: Sendable {
    case page(UInt64)
    case miss
    case evicted
    case failure(PageFailure)

    var peerWord: PeerWord {
        switch self {
        case .page: .page
        case .miss: .miss
        case .evicted: .evicted
        case .failure(let failure): PeerWord(failure)
        }
    }
}
