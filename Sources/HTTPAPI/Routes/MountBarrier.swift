// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Coordination
import Primitives

/// `barrier=true`: an answer about a mount comes when every region has it, or says which has not.
enum MountBarrier {
    static let parameters: [Operation.Parameter] = [
        .query("barrier", "true: answer when every region has this revision; default false."),
        .query(
            "barrierTimeoutMs",
            "How long to wait for that, 1...600000; default 10000.",
            type: "integer"
        ),
    ]

    private enum Word: String, CaseIterable { case yes = "true", no = "false" }

    private static let timeoutMS: ClosedRange<UInt64> = 1...600_000
    private static let standardTimeoutMS: UInt64 = 10_000

    /// How long to wait; `nil`: not at all.
    static func patience(_ call: Call) throws(Problem) -> Timespan? {
        let limit = try call.query.number("barrierTimeoutMs", in: timeoutMS)
        guard try call.query.choice("barrier", of: Word.self) == .yes else { return nil }
        return Timespan(milliseconds: limit ?? standardTimeoutMS)
    }

    /// Waits, and says what is so.
    static func document(
        for entry: MountEntry,
        _ call: Call,
        within patience: Timespan
    ) async -> BarrierDocument {
        BarrierDocument(
            await call.coordination.barrier(
                BarrierRequest(revision: entry.modRevision, path: entry.path),
                within: patience
            )
        )
    }
}

extension BarrierDocument {
    /// As the API shows it.
    fileprivate init(_ report: BarrierReport) {
        self.init(
            complete: report.isComplete,
            regions: report.regions.map { region in
                Region(
                    region: region.name,
                    state: region.missing.isEmpty
                        ? .reached : region.isExpired ? .expired : .missing,
                    workers: region.workerCount,
                    missing: region.missing
                )
            }
        )
    }
}
