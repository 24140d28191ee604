// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Makes a failing world smaller, as long as it fails in the same way.
///
/// ```
///   classes of faults ─▶ single faults ─▶ voters ─▶ minutes ─┐
///        ▲                                                   │
///        └──────── once more, if anything was left out ──────┘
/// ```
/// Greedy; the result fails and is mostly not the smallest.
package struct Shrinker {
    private(set) package var plan: WorldPlan
    private(set) package var report: WorldReport
    /// Worlds run so far.
    private(set) package var runCount = 0
    /// Faults that happened before anything was left out.
    package let originalFaultCount: Int
    private let invariant: String
    private let mayGoOn: () -> Bool

    /// - Parameters:
    ///   - plan: Of the world that failed.
    ///   - report: What came of it; with a violation.
    ///   - mayGoOn: Asked before each run; `false` ends the search.
    package init(plan: WorldPlan, report: WorldReport, mayGoOn: @escaping () -> Bool) {
        self.plan = plan
        self.report = report
        self.mayGoOn = mayGoOn
        originalFaultCount = report.faults.count
        invariant = Self.invariant(in: report) ?? ""
    }

    /// The name before the colon.
    private static func invariant(in report: WorldReport) -> String? {
        report.violation.map { String($0.prefix { $0 != ":" }) }
    }

    package mutating func shrink() {
        keepOnly(report.faults)  // What came later cannot matter.
        var before: WorldPlan
        repeat {
            before = plan
            dropClasses()
            dropFaults()
            dropVoters()
            dropMinutes()
        } while plan != before && mayGoOn()
    }

    // MARK: - Steps

    /// Takes a smaller plan over if it fails as the first one did.
    private mutating func attempt(_ smaller: WorldPlan) -> Bool {
        guard smaller != plan, mayGoOn() else { return false }
        runCount += 1
        var simulation = Simulation(plan: smaller)
        let outcome = simulation.run()
        guard Self.invariant(in: outcome) == invariant else { return false }
        plan = smaller
        report = outcome
        return true
    }

    @discardableResult private mutating func keepOnly(_ faults: [Int]) -> Bool {
        var smaller = plan
        smaller.keptFaults = faults
        return attempt(smaller)
    }

    private mutating func dropClasses() {
        for fault in plan.faults.list {
            var smaller = plan
            smaller.faults.remove(fault)
            _ = attempt(smaller)
        }
    }

    /// Leaves out runs of faults, shorter and shorter ones.
    ///
    /// - Source: Zeller, Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002.
    private mutating func dropFaults() {
        keepOnly(report.faults)
        var length = max(1, report.faults.count / 2)
        while mayGoOn() {
            var start = 0
            while start < (plan.keptFaults ?? report.faults).count, mayGoOn() {
                var rest = plan.keptFaults ?? report.faults
                rest.removeSubrange(start..<min(start + length, rest.count))
                if !keepOnly(rest) { start += length }
            }
            guard length > 1 else { return }
            length /= 2
        }
    }

    private mutating func dropVoters() {
        for count in 1..<max(2, plan.voterCount) where count < plan.voterCount {
            var smaller = plan
            smaller.voterCount = count
            if attempt(smaller) { return }
        }
    }

    private mutating func dropMinutes() {
        for minutes in 2..<max(3, plan.minutes) where minutes < plan.minutes {
            var smaller = plan
            smaller.minutes = minutes
            if attempt(smaller) { return }
        }
    }
}
