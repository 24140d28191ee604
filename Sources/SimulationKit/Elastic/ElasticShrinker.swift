// SPDX-License-Identifier: Apache-2.0

/// Makes a failing elastic world smaller: fewer kinds of conditions, then fewer faults.
///
/// A smaller world counts if it breaks the same invariant.
package struct ElasticShrinker {
    private var plan: ElasticPlan
    /// Numbers of the faults that are left.
    package private(set) var faults: [Int]
    /// Kinds that are not needed.
    package private(set) var leftOut: [ElasticFaultKind] = []
    /// Of the smallest world so far.
    package private(set) var violation: String
    package private(set) var runCount = 0

    package init(plan: ElasticPlan, report: ElasticReport) {
        self.plan = plan
        faults = report.tally.injected
        violation = report.violation ?? ""
    }

    /// Tries smaller worlds until none fails, or `goesOn` says no.
    package mutating func shrink(while goesOn: () -> Bool) {
        for kind in plan.faults where kind.isCondition && goesOn() {
            var smaller = plan
            smaller.faults.removeAll { $0 == kind }
            smaller.keptFaults = faults
            if tryOut(smaller) { leftOut.append(kind) }
        }
        var size = max(1, faults.count / 2)
        while goesOn() {
            var start = 0
            while start < faults.count, goesOn() {
                var fewer = faults
                fewer.removeSubrange(start..<min(start + size, fewer.count))
                var smaller = plan
                smaller.keptFaults = fewer
                if !tryOut(smaller) { start += size }
            }
            if size == 1 { return }
            size = max(1, size / 2)
        }
    }

    /// Keeps a smaller world that breaks the same invariant.
    private mutating func tryOut(_ smaller: ElasticPlan) -> Bool {
        runCount += 1
        var simulation = ElasticSimulation(plan: smaller)
        let report = simulation.run()
        guard let found = report.violation, Self.name(found) == Self.name(violation) else {
            return false
        }
        plan = smaller
        faults = report.tally.injected
        violation = found
        return true
    }

    private static func name(_ violation: String) -> Substring {
        violation.prefix { $0 != ":" }
    }
}
