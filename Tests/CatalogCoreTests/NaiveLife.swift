// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives

struct NaiveRing {
    var epoch: UInt64
    var members: Set<UInt64>
    /// How many members each earlier ring had, newest first.
    var previous: [Int] = []
    var held: Set<UInt64> = []
}

struct NaiveJob {
    var state: JobEntry.State
    var total: UInt64 = 0
    var done: UInt64 = 0
}

/// Workers that come and go, as the naive model sees them.
extension NaiveCatalog {
    func name(of node: NodeID) -> String? { ids.first { $0.value == node.rawValue }?.key }

    mutating func changeWorker(_ change: WorkerChange) -> String {
        guard let name = name(of: change.node), let state = states[name] else {
            return "no-such-worker"
        }
        switch change {
        case .fence:
            if silent.insert(name).inserted {
                revision += 1
                if state == .active { states[name] = .suspended }
            }
            return "worker"
        case .resume:
            if silent.remove(name) != nil {
                revision += 1
                if state == .suspended { states[name] = .active }
            }
            return "worker"
        case .drain(let drain): return begin(drain, name, state)
        case .undrain: return undrain(name, state)
        case .drained:
            guard [.draining, .drained].contains(state) else { return "bad-value" }
            if state == .draining {
                guard let region = regions[name], let ring = rings[region],
                    !ring.members.contains(change.node.rawValue),
                    let report = reports[change.node.rawValue], report.isDone,
                    report.epoch.rawValue == ring.epoch
                else { return "bad-value" }
                revision += 1
                states[name] = .drained
                silent.remove(name)
                drains[name]?.state = .done
            }
            return "worker"
        case .remove(_, let isLost): return remove(name, state, isLost: isLost)
        }
    }

    private mutating func begin(
        _ drain: WorkerDrain,
        _ name: String,
        _ state: WorkerEntry.State
    ) -> String {
        if [.draining, .drained].contains(state) {
            return drains[name] == nil ? "bad-value" : "job"
        }
        guard [.active, .joining].contains(state) else { return "unsafe" }
        let others = active(in: regions[name] ?? "").subtracting([drain.node.rawValue])
        guard Set(drain.heirs.map(\.rawValue)).isSubset(of: others) else {
            return "unsafe"
        }
        guard !others.isEmpty || drain.isForced else { return "unsafe" }
        revision += 1
        states[name] = .draining
        silent.remove(name)
        drains[name] = NaiveJob(state: .waiting)
        return "job"
    }

    private mutating func undrain(_ name: String, _ state: WorkerEntry.State) -> String {
        if [.active, .joining].contains(state) { return "worker" }
        guard state != .suspended else { return "bad-value" }
        revision += 1
        states[name] = silent.contains(name) ? .suspended : .active
        if drains[name]?.state != .done { drains[name]?.state = .cancelled }
        return "worker"
    }

    private mutating func remove(
        _ name: String,
        _ state: WorkerEntry.State,
        isLost: Bool
    ) -> String {
        guard [.drained, .joining].contains(state) || isLost else { return "unsafe" }
        guard isLost || !voters.map(\.rawValue).contains(ids[name] ?? 0) else { return "unsafe" }
        revision += 1
        leaveRing(name)
        retired.insert(stores[name] ?? 0)
        for key in [name] {
            (states[key], ids[key], regions[key], stores[key]) = (nil, nil, nil, nil)
            (drains[key], wishes[key]) = (nil, nil)
            silent.remove(key)
        }
        return "worker"
    }

    func active(in region: String) -> Set<UInt64> {
        Set(
            states.filter { $0.value == .active && regions[$0.key] == region }
                .compactMap { ids[$0.key] }
        )
    }

    mutating func leaveRing(_ name: String) {
        let (region, id) = (regions[name] ?? "", ids[name] ?? 0)
        let last = reports.removeValue(forKey: id)
        guard rings[region]?.members.contains(id) == true else {
            if let last, last.epoch.rawValue == rings[region]?.epoch {
                moving[region]?.total -= last.remaining.pages
            }
            return
        }
        advance(region, to: rings[region]?.members.subtracting([id]) ?? [])
        rings[region]?.held.remove(id)
    }

    private mutating func advance(_ region: String, to members: Set<UInt64>) {
        guard var ring = rings[region] else { return }
        if ring.previous.count < 4, !ring.members.isEmpty {
            ring.previous.insert(ring.members.count, at: 0)
        }
        ring.epoch += 1
        ring.members = members
        rings[region] = ring
        for (name, job) in drains where job.state == .waiting && regions[name] == region {
            drains[name]?.state = .running
        }
        if moving[region] != nil || !ring.previous.isEmpty {
            moving[region] = NaiveJob(
                state: .running,
                total: moving[region]?.done ?? 0,
                done: moving[region]?.done ?? 0
            )
        }
    }

    mutating func changeRing(_ change: RingChange) -> String {
        let region = change.region
        switch change {
        case .publish:
            publish(region)
        case .settle(_, let epoch):
            if let ring = rings[region], ring.epoch == epoch.rawValue, !ring.previous.isEmpty {
                revision += 1
                rings[region]?.previous = []
                moving[region] = nil
            }
        case .hold(_, let nodes):
            if let ring = rings[region] {
                let held = Set(nodes.map(\.rawValue)).intersection(ring.members)
                if held != ring.held { revision += 1 }
                rings[region]?.held = held
            }
        case .force:
            if let ring = rings[region], !ring.held.isEmpty {
                revision += 1
                for id in ring.held {
                    guard let name = name(of: NodeID(id)), states[name] == .active else { continue }
                    states[name] = .suspended
                    silent.insert(name)
                }
                rings[region]?.held = []
                if ring.members != active(in: region) { advance(region, to: active(in: region)) }
            }
        }
        return rings[region] == nil ? "bad-value" : "ring"
    }

    private mutating func publish(_ region: String) {
        let members = active(in: region)
        guard let ring = rings[region] else {
            guard !members.isEmpty else { return }
            revision += 1
            rings[region] = NaiveRing(epoch: 1, members: members)
            return
        }
        guard ring.members != members, ring.held.isEmpty else { return }
        revision += 1
        advance(region, to: members)
    }

    mutating func changeHandoff(_ change: HandoffChange) -> String {
        switch change {
        case .settings(let settings):
            guard settings.bytesPerSecond ?? .max >= 1 << 20 else { return "bad-value" }
            let before = handoff
            if let rate = settings.bytesPerSecond { handoff.bytesPerSecond = rate }
            if let isPaused = settings.isPaused { handoff.isPaused = isPaused }
            if handoff != before { revision += 1 }
            return "formed"
        case .report(let report):
            guard let name = name(of: report.node), let region = regions[name] else {
                return "no-such-worker"
            }
            guard let ring = rings[region] else { return "bad-value" }
            guard ring.epoch == report.epoch.rawValue, reports[report.node.rawValue] != report
            else { return "ring" }
            let last = reports.updateValue(report, forKey: report.node.rawValue)
            var isNews = false
            if states[name] == .draining, let job = drains[name], !job.state.isFinal {
                isNews = true
            }
            if let job = moving[region] {
                let all = reports.values.filter { other in
                    other.epoch.rawValue == ring.epoch
                        && self.name(of: other.node).flatMap { regions[$0] } == region
                }
                let known = last.map { $0.epoch == report.epoch ? $0.work.pages : 0 } ?? 0
                let total = job.total + report.work.pages - min(report.work.pages, known)
                let left = all.reduce(0) { $0 + $1.remaining.pages }
                moving[region] = NaiveJob(state: .running, total: total, done: total - left)
                if total > 0 { isNews = true } else { moving[region] = job }
            }
            if isNews { revision += 1 }
            return "ring"
        }
    }
}

extension CommandSource {
    mutating func life() -> WorkerChange {
        let node = NodeID(UInt64.random(in: 1...14, using: &generator))
        switch Int.random(in: 0..<10, using: &generator) {
        case 0, 1: return .fence(node)
        case 2, 3: return .resume(node)
        case 4, 5:
            let heirs = generator.chance(percent: 80) ? [] : [NodeID(1), NodeID(4)]
            return .drain(
                WorkerDrain(node, heirs: heirs, isForced: generator.chance(percent: 30))
            )
        case 6: return .undrain(node)
        case 7, 8: return .drained(node, keepsVote: generator.chance(percent: 50))
        default: return .remove(node, isLost: generator.chance(percent: 20))
        }
    }

    mutating func ring() -> RingChange {
        let region = ["ap", "us", "eu"].randomElement(using: &generator) ?? "ap"
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: return .settle(region: region, epoch())
        case 1:
            let nodes = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                NodeID(UInt64.random(in: 1...9, using: &generator))
            }
            return .hold(region: region, nodes)
        case 2: return .force(region: region)
        default: return .publish(region: region)
        }
    }

    mutating func handoff() -> HandoffChange {
        guard generator.chance(percent: 90) else {
            let rate = UInt64.random(in: 0...3, using: &generator) << 20
            let isPaused = generator.chance(percent: 50) ? generator.chance(percent: 50) : nil
            return .settings(.init(bytesPerSecond: rate > 2 << 20 ? nil : rate, isPaused: isPaused))
        }
        let pages = UInt64.random(in: 0...3, using: &generator)
        let amount = HandoffReport.Amount(pages: pages, bytes: pages << 20)
        return .report(
            HandoffReport(
                node: NodeID(UInt64.random(in: 1...14, using: &generator)),
                epoch: epoch(),
                remaining: amount,
                moved: generator.chance(percent: 50) ? amount : HandoffReport.Amount(),
                isDone: generator.chance(percent: 50)
            )
        )
    }

    private mutating func epoch() -> RingEpoch {
        RingEpoch(UInt64.random(in: 1...12, using: &generator))
    }
}
