// SPDX-License-Identifier: Apache-2.0

import Glibc
import SimulationKit

/// A world that failed, told to whoever has to find out why.
struct WorldRun: Sendable {
    let plan: WorldPlan
    let report: WorldReport

    /// Prints what went wrong, then the smallest world found that goes wrong in the same way.
    func tell(shrinkSeconds: UInt64) {
        print("seed \(plan.seed): \(report.violation ?? "")")
        guard shrinkSeconds > 0 else {
            return print("  again: dev/simulate \(plan.commandLine)")
        }

        let deadline = ContinuousClock.now + .seconds(shrinkSeconds)
        var shrinker = Shrinker(plan: plan, report: report) { ContinuousClock.now < deadline }
        TrapReport.naming(plan.seed) { shrinker.shrink() }
        let (count, all) = (shrinker.report.faults.count, shrinker.originalFaultCount)
        let percent = all == 0 ? 0 : (count * 100 + all / 2) / all
        print(
            "  \(count) of \(all) faults are enough (\(percent) %), after \(shrinker.runCount) runs"
        )
        print("  \(shrinker.report.violation ?? "")")
        tellEnd(shrinker.report, shrinker.plan)
    }

    private func tellEnd(_ report: WorldReport, _ plan: WorldPlan) {
        for line in report.journal.suffix(12) { print("    \(line.prefix(160))") }
        print("  again: dev/simulate \(plan.commandLine)")
        fflush(nil)
    }
}

extension WorldPlan {
    /// The options that give this plan.
    fileprivate var commandLine: String {
        let drawn = WorldPlan(seed: seed)
        var words = ["--seed \(seed)"]
        if minutes != drawn.minutes { words.append("--minutes \(minutes)") }
        if voterCount != drawn.voterCount { words.append("--voters \(voterCount)") }
        let left = drawn.faults.list.filter { !faults.contains($0) }
        if !left.isEmpty {
            words.append("--without \(left.map(\.name).joined(separator: ","))")
        }
        if let keptFaults {
            let numbers = keptFaults.map(String.init).joined(separator: ",")
            words.append("--faults \(numbers.isEmpty ? "none" : numbers)")
        }
        return words.joined(separator: " ")
    }
}

extension WorldReport {
    /// The digest of its history, in 16 hexadecimal digits.
    var digestText: String { hexDigits(digest) }
}

/// 16 hexadecimal digits.
func hexDigits(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
