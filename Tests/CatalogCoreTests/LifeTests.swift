// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import Testing

/// Workers that fall silent, drain and leave; what their rings and jobs become.
///
/// Node 1 is w2 and node 2 is w1, both in `ap`; node 3 is alone in `us`; node 4 is w4, active in `ap`
/// and on its ring.
struct LifeTests {
    private static func fourWorkers() -> Catalog {
        var catalog = formedCatalog()
        catalog.perform(.register(registration("w4", store: 4)))
        catalog.perform(.activate(NodeID(4)))
        catalog.perform(.ring(.publish(region: "ap")))
        catalog.perform(.ring(.settle(region: "ap", RingEpoch(2))))
        return catalog
    }

    private static let w4 = NodeID(4)

    // MARK: - States

    enum Step: Sendable { case fence, resume, drain, undrain, drained, remove, lose, activate }

    // swift-format-ignore
    static let lives: [(steps: [Step], state: WorkerEntry.State?, isSilent: Bool, refusal: String?)] = [
        ([.fence],                                   .suspended, true,  nil),
        ([.fence, .fence],                           .suspended, true,  nil),
        ([.fence, .resume],                          .active,    false, nil),
        ([.fence, .activate],                        .active,    false, nil),
        ([.resume],                                  .active,    false, nil),
        ([.drain],                                   .draining,  false, nil),
        ([.drain, .fence],                           .draining,  true,  nil),
        ([.drain, .fence, .resume],                  .draining,  false, nil),
        ([.drain, .fence, .undrain],                 .suspended, true,  nil),
        ([.drain, .activate],                        .draining,  false, "bad-value"),
        ([.drain, .undrain],                         .active,    false, nil),
        ([.drain, .drained],                         .drained,   false, nil),
        ([.drain, .drained, .undrain],               .active,    false, nil),
        ([.drain, .drained, .remove],                nil,        false, nil),
        ([.fence, .drain],                           .suspended, true,  "unsafe"),
        ([.fence, .undrain],                         .suspended, true,  "bad-value"),
        ([.drained],                                 .active,    false, "bad-value"),
        ([.undrain],                                 .active,    false, nil),
        ([.remove],                                  .active,    false, "unsafe"),
        ([.fence, .remove],                          .suspended, true,  "unsafe"),
        ([.drain, .remove],                          .draining,  false, "unsafe"),
        ([.fence, .lose],                            nil,        false, nil),
        ([.drain, .lose],                            nil,        false, nil),
    ]

    @Test(arguments: lives)
    func aLife(
        _ row: (steps: [Step], state: WorkerEntry.State?, isSilent: Bool, refusal: String?)
    ) {
        var catalog = Self.fourWorkers()
        var last: Catalog.Application?
        for step in row.steps {
            if step == .drained { Self.giveAway(Self.w4, in: &catalog) }
            last = catalog.perform(Self.operation(step))
        }
        #expect(last?.refusal?.kind == row.refusal, "\(row.steps)")
        let worker = catalog.worker(id: Self.w4)
        #expect(worker?.state == row.state, "\(row.steps)")
        #expect(worker?.isSilent ?? false == row.isSilent, "\(row.steps)")
        if row.state == nil {
            #expect(catalog.retired(store: store(4))?.node == Self.w4)
            #expect(catalog.ring(region: "ap")?.members.contains { $0.id == Self.w4 } == false)
            let refusal = catalog.perform(.register(registration("w4", store: 4))).refusal
            #expect(refusal == .storeRetired(Self.w4), "removed is removed")
        }
    }

    /// The ring goes on without a worker that drains, and the worker says that nothing is left.
    private static func giveAway(_ node: NodeID, in catalog: inout Catalog) {
        catalog.perform(.ring(.publish(region: "ap")))
        let epoch = catalog.ring(region: "ap")?.epoch.rawValue ?? 0
        let done = report(node: node.rawValue, epoch: epoch, isDone: true)
        catalog.perform(.handoff(.report(done)))
    }

    private static func operation(_ step: Step) -> CatalogCommand.Operation {
        switch step {
        case .fence: .worker(.fence(w4))
        case .resume: .worker(.resume(w4))
        case .drain: .worker(.drain(WorkerDrain(w4)))
        case .undrain: .worker(.undrain(w4))
        case .drained: .worker(.drained(w4, keepsVote: false))
        case .remove: .worker(.remove(w4, isLost: false))
        case .lose: .worker(.remove(w4, isLost: true))
        case .activate: .activate(w4)
        }
    }

    // MARK: - Drains

    /// Waits for the ring, runs with the reports, ends with what is left.
    @Test func aDrainIsAJob() throws {
        var catalog = Self.fourWorkers()
        let begun = catalog.perform(.worker(.drain(WorkerDrain(Self.w4, bytesPerSecond: 7))))
        let id = try #require(begun.job?.id)
        #expect(begun.changes.map(\.key.text) == ["jobs/\(id)", "workers/w4"])
        #expect(begun.job?.state == .waiting && begun.job?.worker == "w4")
        #expect(catalog.worker(id: Self.w4)?.drainRate == 7)
        let again = catalog.perform(.worker(.drain(WorkerDrain(Self.w4))))
        #expect(again.job?.id == id && again.changes.isEmpty)

        catalog.perform(.ring(.publish(region: "ap")))
        #expect(catalog.job(id: id)?.state == .running)
        #expect(catalog.ring(region: "ap")?.members.map(\.id.rawValue) == [1, 2])
        catalog.perform(.handoff(.report(report(node: 4, epoch: 3, remaining: 10))))
        let half = report(node: 4, epoch: 3, remaining: 6, moved: 4)
        let application = catalog.perform(.handoff(.report(half)))
        #expect(application.changes.map(\.key.text) == ["jobs/\(id)", "jobs/rebalance-ap-3"])
        #expect(catalog.job(id: id)?.total.pages == 10 && catalog.job(id: id)?.done.pages == 4)
        // A worker that was started again counts from nothing.
        catalog.perform(.handoff(.report(report(node: 4, epoch: 3, remaining: 5))))
        #expect(catalog.job(id: id)?.total.pages == 10 && catalog.job(id: id)?.done.pages == 5)

        let early = catalog.perform(.worker(.drained(Self.w4, keepsVote: true)))
        #expect(early.refusal?.kind == "bad-value")
        let last = report(node: 4, epoch: 3, remaining: 2, moved: 3, isDone: true)
        catalog.perform(.handoff(.report(last)))
        catalog.perform(.worker(.drained(Self.w4, keepsVote: true)))
        let job = try #require(catalog.job(id: id))
        #expect(job.state == .done && job.left.pages == 2 && job.keepsVote)
    }

    /// What it gave to a worker that is gone by now it still has to give away.
    @Test func aDrainThatWasDoneByAnEarlierRingIsNotDone() {
        var catalog = Self.fourWorkers()
        catalog.perform(.worker(.drain(WorkerDrain(Self.w4))))
        Self.giveAway(Self.w4, in: &catalog)
        catalog.perform(.worker(.remove(NodeID(2), isLost: true)))
        let early = catalog.perform(.worker(.drained(Self.w4, keepsVote: false)))
        #expect(early.refusal?.kind == "bad-value")
        #expect(catalog.worker(id: Self.w4)?.state == .draining)
        Self.giveAway(Self.w4, in: &catalog)
        catalog.perform(.worker(.drained(Self.w4, keepsVote: false)))
        #expect(catalog.worker(id: Self.w4)?.state == .drained)
    }

    @Test func aDrainWhosePlanIsVoidIsRefused() {
        var catalog = Self.fourWorkers()
        catalog.perform(.worker(.fence(NodeID(1))))
        let drain = WorkerDrain(Self.w4, heirs: [NodeID(1), NodeID(2)])
        let application = catalog.perform(.worker(.drain(drain)))
        #expect(application.refusal?.kind == "unsafe")
        #expect(catalog.worker(id: Self.w4)?.state == .active)
    }

    @Test func theLastWorkerOfARegionDrainsOnlyByForce() {
        var catalog = formedCatalog()
        let plain = catalog.perform(.worker(.drain(WorkerDrain(NodeID(3)))))
        #expect(plain.refusal?.kind == "unsafe")
        let forced = catalog.perform(.worker(.drain(WorkerDrain(NodeID(3), isForced: true))))
        #expect(forced.job?.state == .waiting)
    }

    @Test func whoVotesIsRemovedOnlyWhenLost() {
        var catalog = Self.fourWorkers()
        let voter = NodeID(2)
        catalog.perform(.worker(.drain(WorkerDrain(voter))))
        Self.giveAway(voter, in: &catalog)
        catalog.perform(.worker(.drained(voter, keepsVote: true)))
        let plain = catalog.perform(.worker(.remove(voter, isLost: false)))
        #expect(plain.refusal?.kind == "unsafe")
        #expect(catalog.perform(.worker(.remove(voter, isLost: true))).worker?.state == .removed)
    }

    // MARK: - Rings

    @Test func aRingIsSettledWhenEverybodyWhoAnswersIsDone() {
        var catalog = Self.fourWorkers()
        catalog.perform(.worker(.drain(WorkerDrain(Self.w4))))
        catalog.perform(.ring(.publish(region: "ap")))
        #expect(catalog.unsettledWorkers(of: "ap").map(\.rawValue) == [1, 2, 4])
        catalog.perform(.handoff(.report(report(node: 1, epoch: 2, isDone: true))))
        #expect(catalog.unsettledWorkers(of: "ap").map(\.rawValue) == [1, 2, 4], "an old epoch")
        catalog.perform(.handoff(.report(report(node: 1, epoch: 3, isDone: true))))
        catalog.perform(.handoff(.report(report(node: 4, epoch: 3, remaining: 1))))
        #expect(catalog.unsettledWorkers(of: "ap").map(\.rawValue) == [2, 4])
        catalog.perform(.worker(.fence(Self.w4)))
        #expect(catalog.unsettledWorkers(of: "ap").map(\.rawValue) == [2], "nobody waits for it")

        let early = catalog.perform(.ring(.settle(region: "ap", RingEpoch(2))))
        #expect(early.ring?.isSettled == false && early.changes.isEmpty)
        let settled = catalog.perform(.ring(.settle(region: "ap", RingEpoch(3))))
        #expect(settled.ring?.isSettled == true)
        #expect(catalog.allJobs.filter { $0.kind == .rebalance }.allSatisfy { $0.state == .done })
    }

    /// Goal: no job runs for ever because nobody is left to end it.
    @Test func aRingBehindNobodyMovesNothing() {
        var catalog = Self.fourWorkers()
        for node: UInt64 in [1, 2, 4] { catalog.perform(.worker(.fence(NodeID(node)))) }
        catalog.perform(.ring(.publish(region: "ap")))
        let epoch = catalog.ring(region: "ap")?.epoch ?? .zero
        catalog.perform(.ring(.settle(region: "ap", epoch)))
        catalog.perform(.worker(.resume(NodeID(1))))
        let ring = catalog.perform(.ring(.publish(region: "ap"))).ring
        #expect(ring?.members.map(\.id.rawValue) == [1])
        #expect(ring?.isSettled == true)
        #expect(catalog.allJobs.allSatisfy { $0.state.isFinal })
    }

    @Test func aHeldRingChangesOnlyByForce() {
        var catalog = Self.fourWorkers()
        catalog.perform(.ring(.hold(region: "ap", [NodeID(4), NodeID(1), NodeID(3)])))
        #expect(catalog.ring(region: "ap")?.heldFor.map(\.rawValue) == [1, 4], "members alone")
        catalog.perform(.worker(.drain(WorkerDrain(NodeID(2)))))
        #expect(catalog.perform(.ring(.publish(region: "ap"))).changes.isEmpty)

        let forced = catalog.perform(.ring(.force(region: "ap")))
        #expect(forced.ring?.members.isEmpty == true && forced.ring?.heldFor.isEmpty == true)
        let states = [1, 4].map { catalog.worker(id: NodeID($0))?.state }
        #expect(states == [.suspended, .suspended])
        #expect(forced.changes.first?.key == "workers/w2")
        #expect(catalog.perform(.ring(.force(region: "ap"))).changes.isEmpty, "twice")
    }

    @Test func onlyTheNewestJobsAreKept() {
        var catalog = Self.fourWorkers()
        for _ in 0..<(CatalogLimits.jobCount / 2 + 10) {
            catalog.perform(.worker(.drain(WorkerDrain(Self.w4))))
            catalog.perform(.worker(.undrain(Self.w4)))
            catalog.perform(.worker(.drain(WorkerDrain(NodeID(1)))))
            catalog.perform(.worker(.undrain(NodeID(1))))
        }
        #expect(catalog.allJobs.count == CatalogLimits.jobCount)
        #expect(catalog.drainJob(of: Self.w4)?.state == .cancelled)
        #expect(catalog.isIntact)
    }
}
