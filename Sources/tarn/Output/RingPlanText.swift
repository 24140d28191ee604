// SPDX-License-Identifier: Apache-2.0

import APIModel
import Primitives

/// A plan for people: what moves, how long it takes, how full everybody is afterwards.
enum RingPlanText {
    static func lines(_ plan: RingPlanDocument) -> String {
        var lines = ["region \(plan.region), epoch \(plan.epoch)"]
        let time = plan.seconds.map { ", about \(Timespan.seconds($0)) at \(rate(plan.rate))" }
        lines.append("moves   \(plan.pages) pages (\(ByteCount(plan.bytes)))\(time ?? "")")
        if plan.lostPages > 0 {
            lines.append(
                "loses   \(plan.lostPages) pages (\(ByteCount(plan.lostBytes))), read from the lake "
                    + "again where nobody else holds them"
            )
        }
        if let vote = plan.vote { lines.append("vote    \(vote)") }
        lines += plan.warnings.map { "warning \($0)" }
        lines += plan.refusals.map { "refused \($0)" }
        return lines.map { TextTable.shown($0) + "\n" }.joined() + "\n"
    }

    static func table(_ plan: RingPlanDocument) -> TextTable {
        var table = TextTable("WORKER", "SHARE", "THEN", "USED", "THEN", "CAPACITY")
        for worker in plan.workers {
            table.add(
                worker.name,
                share(worker.shareBefore),
                share(worker.shareAfter),
                ByteCount(worker.usedBefore).description,
                ByteCount(worker.usedAfter).description,
                ByteCount(worker.capacity).description
            )
        }
        return table
    }

    static func rate(_ bytesPerSecond: UInt64) -> String { "\(ByteCount(bytesPerSecond))/s" }

    static func share(_ percent: Double?) -> String {
        guard let percent else { return "" }
        let tenths = Int((percent * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) %"
    }
}
