// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import ElasticCore
import Primitives

/// What a person asks of the cluster, once it is possible.
indirect enum PersonsWish: Sendable {
    case remove(worker: Int, isLost: Bool)
    case undrain(worker: Int)
    case force(region: String)
    case resumeMoving
    /// 64 MiB a second, so that the end does not take hours.
    case hurry
}

/// Workers that come and go by themselves and by what people say.
extension ElasticWorld {
    static let regionNames = ["r0", "r1"]

    // MARK: - Processes

    /// A process asks to be admitted, and to be active once it has the catalog.
    mutating func register(_ worker: Int, _ life: UInt64) {
        guard isRunning(worker, life) else { return }
        let registration = workers[worker].registration
        let pause: UInt64
        if let operation = wanted(worker) {
            propose(operation, from: worker, withinUS: 10_000_000)
            pause = isRemoved(worker) ? 10_000_000 : 400_000
        } else {
            pause = 2_000_000
        }
        queue.add(.register(worker: worker, life: life), at: nowUS + pause)
        guard workers[worker].node == nil,
            let node = log.catalog.worker(store: registration.store)?.id
        else { return }
        // Told by the leader, with the catalog to begin from.
        workers[worker].node = node
        positions[node] = worker
        follow(worker)
    }

    /// As `CoordinationNode.registrationNeeded`.
    private func wanted(_ worker: Int) -> CatalogCommand.Operation? {
        let registration = workers[worker].registration
        guard let node = workers[worker].node else { return .register(registration) }
        guard let entry = workers[worker].catalog.worker(id: node) else {
            // Taken out, and does not know or does not care.
            return workers[worker].applied > 0 ? .register(registration) : nil
        }
        if entry.capacity != registration.capacity { return .register(registration) }
        return entry.state == .joining ? .activate(node) : nil
    }

    mutating func joinOne() {
        let region = Self.regionNames[.random(in: 0..<plan.regionCount, using: &random)]
        let worker = addWorker(in: region)
        tell("\(workers[worker].name) joins \(region)")
        queue.add(.register(worker: worker, life: 0), at: nowUS)
    }

    mutating func end(_ worker: Int, forGood isForGood: Bool) {
        guard workers[worker].isUp else { return }
        tell("\(workers[worker].name) ends\(isForGood ? " for good" : "")")
        workers[worker].end()
        workers[worker].isGone = workers[worker].isGone || isForGood
        if log.leader == worker { log.leader = nil }  // It starts again as a follower.
        resetCalls(to: worker)
    }

    mutating func start(_ worker: Int) {
        guard !workers[worker].isUp, !workers[worker].isGone else { return }
        tell("\(workers[worker].name) starts")
        tally.restarts += 1
        network.trouble(worker, untilUS: nowUS)
        do throws(ByteDecodingError) {
            try workers[worker].start()
        } catch {
            complaint = "a persisted catalog cannot be read: \(error)"
        }
        let life = workers[worker].life
        queue.add(.register(worker: worker, life: life), at: nowUS + 200_000)
        guard workers[worker].node != nil else { return }
        if workers[worker].applied > 0 { restoreView(worker) }
        follow(worker)
    }

    private mutating func restoreView(_ worker: Int) {
        workers[worker].view = RegionView(
            of: workers[worker].region,
            in: workers[worker].catalog,
            after: sharedViews[workers[worker].region]
        )
        facts.append(.applied(worker: worker))
        let life = workers[worker].life
        queue.add(.moverLook(worker: worker, life: life), at: nowUS + 200_000)
    }

    // MARK: - People

    mutating func drain(_ worker: Int) {
        guard let node = workers[worker].node, let asked = anybody() else { return }
        let heirs = log.catalog.ringMembers(of: workers[worker].region).map(\.id)
            .filter { $0 != node }
        guard !heirs.isEmpty else { return }
        let rate = random.chance(percent: 30) ? UInt64.random(in: 1...32, using: &random) << 20 : 0
        let drain = WorkerDrain(node, bytesPerSecond: rate, heirs: heirs)
        propose(.worker(.drain(drain)), from: asked)
    }

    mutating func carryOut(_ wish: PersonsWish) {
        guard let asked = anybody() else { return }
        switch wish {
        case .remove(let worker, let isLost):
            guard let node = workers[worker].node, let entry = log.catalog.worker(id: node),
                isLost || entry.state == .drained
            else { return }
            propose(.worker(.remove(node, isLost: isLost)), from: asked)
            guard log.catalog.worker(id: node) != nil else { return }
            queue.add(.person(wish), at: nowUS + 5_000_000)  // Until it is done.
        case .undrain(let worker):
            guard let node = workers[worker].node else { return }
            propose(.worker(.undrain(node)), from: asked)
        case .force(let region):
            guard log.catalog.ring(region: region)?.heldFor.isEmpty == false else { return }
            tally.forced += 1
            propose(.ring(.force(region: region)), from: asked)
        case .hurry:
            guard let settings = log.catalog.cluster?.handoff,
                settings.bytesPerSecond < 64 << 20
            else { return }
            propose(.handoff(.settings(.init(bytesPerSecond: 64 << 20))), from: asked)
            queue.add(.person(wish), at: nowUS + 3_000_000)
        case .resumeMoving:
            guard log.catalog.cluster?.handoff.isPaused == true else { return }
            propose(.handoff(.settings(.init(isPaused: false))), from: asked)
            queue.add(.person(wish), at: nowUS + 3_000_000)
        }
    }

    /// Somebody whom a person would ask.
    func anybody() -> Int? {
        if let leader = log.leader, workers[leader].isUp { return leader }
        return workers.indices.first {
            workers[$0].isUp && workers[$0].node != nil && !network.isSilent($0, atUS: nowUS)
        }
    }

    /// Workers in a state, whose processes run.
    func workers(in states: WorkerEntry.State...) -> [Int] {
        log.catalog.workers.filter { states.contains($0.state) }
            .compactMap { positions[$0.id] }.filter { workers[$0].isUp }.sorted()
    }
}
