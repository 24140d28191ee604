// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import SimulationKit

/// `tarn-simulate --elastic`: worlds of workers that come and go, with their rings and pages.
struct ElasticRuns: Sendable {
    let jobCount: Int
    let shrinkSeconds: UInt64
    let leftOut: [ElasticFaultKind]
    let keptFaults: [Int]?

    func plan(_ seed: UInt64) -> ElasticPlan {
        var plan = ElasticPlan(seed: seed)
        plan.faults.removeAll { leftOut.contains($0) }
        plan.keptFaults = keptFaults
        return plan
    }

    /// Runs one world, told event by event where that is asked for.
    func run(seed: UInt64, isTold: Bool) throws {
        let report = Self.run(plan(seed), trace: isTold ? { print($0) } : nil)
        guard report.violation == nil else {
            tell(report, shrinkSeconds: isTold ? 0 : shrinkSeconds)
            throw ExitCode.failure
        }
        print("seed \(seed): all invariants held, digest \(hexDigits(report.digest))")
        print(report.tally.figures)
    }

    /// Runs many, and prints those that fail as soon as they do.
    func run(_ seeds: Range<UInt64>) async throws {
        let startCPU = clock()
        var (failed, digest, simulatedUS) = (0, UInt64(0), UInt64(0))
        var sum = ElasticTally()
        await withTaskGroup(of: ElasticReport.self) { group in
            var next = seeds.makeIterator()
            for _ in 0..<jobCount {
                if let seed = next.next() { group.addTask { Self.run(plan(seed)) } }
            }
            for await report in group {
                if report.violation != nil {
                    failed += 1
                    tell(report, shrinkSeconds: failed == 1 ? shrinkSeconds : 0)
                }
                sum.add(report.tally)
                simulatedUS += report.endUS
                digest &+= (report.digest ^ report.seed) &* 0x9E37_79B9_7F4A_7C15
                if let seed = next.next() { group.addTask { Self.run(plan(seed)) } }
            }
        }
        let seconds = Double(clock() - startCPU) / Double(CLOCKS_PER_SEC)
        print(
            """
            \(seeds.count) elastic worlds from seed \(seeds.lowerBound), \(failed) failed; \
            \((Double(simulatedUS) / 3_600e6).tenths) simulated hours in \(seconds.tenths) s of CPU; \
            digest \(hexDigits(digest))
            """
        )
        print(sum.figures)
        if failed > 0 { throw ExitCode.failure }
    }

    private static func run(_ plan: ElasticPlan, trace: ((String) -> Void)? = nil) -> ElasticReport
    {
        TrapReport.naming(plan.seed) {
            var simulation = ElasticSimulation(plan: plan, trace: trace)
            return simulation.run()
        }
    }

    private func tell(_ report: ElasticReport, shrinkSeconds: UInt64) {
        print("seed \(report.seed): \(report.violation ?? "")")
        var shrinker = ElasticShrinker(plan: plan(report.seed), report: report)
        let deadline = ContinuousClock.now + .seconds(shrinkSeconds)
        if shrinkSeconds > 0 { shrinker.shrink { ContinuousClock.now < deadline } }
        let faults = shrinker.faults.map(String.init).joined(separator: ",")
        print("  \(shrinker.violation)")
        print(
            "  again: dev/simulate --elastic --seed \(report.seed) --trace --faults "
                + "\(faults.isEmpty ? "none" : faults)"
                + (shrinker.leftOut.isEmpty
                    ? ""
                    : " --leave-out " + shrinker.leftOut.map(\.rawValue).joined(separator: ","))
        )
        fflush(nil)
    }
}

extension ElasticTally {
    fileprivate var figures: String {
        """
        \(events) events, \(injected.count) faults, \(restarts) restarts, \(elections) elections; \
        \(epochs) epochs, \(held) holds, \(forced) forced; \(drained) drained, \
        \(suspended) suspended, \(removed) removed
        \(reads) reads, \(handedOn) handed on, \(pastOwners) past all owners; from the origin: \
        \(causes); \(carried) pages carried, \(copied) copied, \(dropped) dropped, \(notKept) not kept
        """
    }
}

extension String {
    /// Kinds of faults of elastic worlds, with commas.
    var elasticFaultKinds: [ElasticFaultKind] {
        get throws {
            try split(separator: ",").map { name in
                guard let kind = ElasticFaultKind(rawValue: String(name)) else {
                    let all = ElasticFaultKind.allCases.map(\.rawValue).joined(separator: ", ")
                    throw ValidationError("'\(name)' is no kind of fault; there are: \(all)")
                }
                return kind
            }
        }
    }
}
