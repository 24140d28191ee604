// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import SimulationKit

/// Runs that go on where the last one ended, and add up in `Docs/simulator.md`.
///
/// A row of the table there belongs to one state of the cores' sources; a change of them begins a
/// new one, because what ran before says little about the new cores.
struct Campaign {
    let worldCount: UInt64
    let pool: WorldPool

    private static let document = "Docs/simulator.md"

    func run() async throws {
        let text = try read()
        guard var table = CampaignTable(in: text) else {
            throw ValidationError("\(Self.document) has no campaign table")
        }
        let cores = try CoreSources.digest()
        let first = table.nextSeed
        let totals = await pool.run(first..<first + worldCount) { WorldPlan(seed: $0) }
        print(totals.summary)
        table.add(totals, cores: cores)
        try table.written(into: read()).write(
            toFile: Self.document,
            atomically: true,
            encoding: .utf8
        )
        print("\(Self.document): \(table.rows.last?.markdown ?? "")")
        if totals.failedCount > 0 { throw ExitCode.failure }
    }

    private func read() throws -> String {
        guard let text = try? String(contentsOfFile: Self.document, encoding: .utf8) else {
            throw ValidationError("\(Self.document) is not here: run from the project's directory")
        }
        return text
    }
}
