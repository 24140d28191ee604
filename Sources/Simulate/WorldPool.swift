// SPDX-License-Identifier: Apache-2.0

import Foundation
import SimulationKit

/// Runs many worlds, a few at the same time, each on one thread.
struct WorldPool {
    let jobCount: Int
    let shrinkSeconds: UInt64

    /// - Parameter jobCount: Worlds at the same time; `nil` for as many as there are cores.
    init(jobCount: Int?, shrinkSeconds: UInt64) {
        self.jobCount = jobCount ?? ProcessInfo.processInfo.activeProcessorCount
        self.shrinkSeconds = shrinkSeconds
    }

    /// Runs the worlds of all seeds; prints those that fail as soon as they do.
    ///
    /// Only the first failures are made smaller, lest one bug takes hours.
    func run(
        _ seeds: Range<UInt64>,
        _ plan: @escaping @Sendable (UInt64) -> WorldPlan
    ) async -> WorldTotals {
        var totals = WorldTotals(seeds: seeds)
        let startCPU = clock()
        await withTaskGroup(of: WorldRun.self) { group in
            var next = seeds.makeIterator()
            for _ in 0..<jobCount {
                if let seed = next.next() { group.addTask { Self.world(plan(seed)) } }
            }
            for await world in group {
                totals.add(world.report)
                if world.report.violation != nil {
                    let isFirst = totals.failedCount == 1
                    world.tell(shrinkSeconds: isFirst ? shrinkSeconds : 0)
                }
                if let seed = next.next() { group.addTask { Self.world(plan(seed)) } }
            }
        }
        totals.cpuSeconds = Double(clock() - startCPU) / Double(CLOCKS_PER_SEC)
        return totals
    }

    private static func world(_ plan: WorldPlan) -> WorldRun {
        var simulation = Simulation(plan: plan)
        return WorldRun(plan: plan, report: simulation.run())
    }
}

/// What many worlds came to.
struct WorldTotals: Sendable {
    let seeds: Range<UInt64>
    private(set) var failedCount = 0
    private(set) var simulatedUS: UInt64 = 0
    private(set) var eventCount = 0
    private(set) var faultCount = 0
    /// Over the digests of all worlds, whatever order they ended in.
    private(set) var digest: UInt64 = 0
    var cpuSeconds = 0.0

    init(seeds: Range<UInt64>) { self.seeds = seeds }

    mutating func add(_ report: WorldReport) {
        if report.violation != nil { failedCount += 1 }
        simulatedUS += report.endUS
        eventCount += report.tally.events
        faultCount += report.tally.faults
        digest &+= (report.digest ^ report.seed) &* 0x9E37_79B9_7F4A_7C15
    }

    var simulatedHours: Double { Double(simulatedUS) / 3_600e6 }

    var summary: String {
        let speed = simulatedHours / max(cpuSeconds, 0.001) * 60
        return """
            \(seeds.count) worlds from seed \(seeds.lowerBound), \(failedCount) failed; \
            \(eventCount) events, \(faultCount) faults; \
            \(simulatedHours.tenths) simulated hours in \(cpuSeconds.tenths) s of CPU: \
            \(speed.tenths) hours a CPU-minute; digest \(hexDigits(digest))
            """
    }
}

extension Double {
    /// With one digit behind the point.
    var tenths: String { String(format: "%.1f", self) }
}
