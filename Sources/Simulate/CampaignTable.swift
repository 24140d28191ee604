// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The table of campaigns in the documentation, between two marks.
struct CampaignTable {
    /// All worlds run with one state of the cores.
    struct Row {
        var cores: String
        var firstSeed: UInt64
        var lastSeed: UInt64
        var simulatedHours: Double
        var cpuMinutes: Double
        var failedCount: Int

        var worldCount: UInt64 { lastSeed - firstSeed + 1 }

        var markdown: String {
            "| `\(cores)` | \(worldCount) | \(firstSeed)–\(lastSeed) | \(simulatedHours.tenths) | "
                + "\(cpuMinutes.tenths) | \(failedCount) |"
        }

        init(cores: String, firstSeed: UInt64) {
            self.cores = cores
            self.firstSeed = firstSeed
            lastSeed = firstSeed - 1
            (simulatedHours, cpuMinutes, failedCount) = (0, 0, 0)
        }

        /// A row as ``markdown`` writes it; `nil` for anything else.
        init?(_ line: Substring) {
            let cells = line.split(separator: "|").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            guard cells.count == 6, cells[0].hasPrefix("`"),
                let failedCount = Int(cells[5]), let hours = Double(cells[3]),
                let minutes = Double(cells[4])
            else { return nil }
            let seeds = cells[2].split(separator: "–").compactMap { UInt64($0) }
            guard seeds.count == 2 else { return nil }
            cores = cells[0].trimmingCharacters(in: ["`"])
            (firstSeed, lastSeed) = (seeds[0], seeds[1])
            (simulatedHours, cpuMinutes) = (hours, minutes)
            self.failedCount = failedCount
        }
    }

    private static let start = "<!-- campaigns: written by dev/simulate --campaign -->"
    private static let end = "<!-- end of campaigns -->"
    private static let head = """
        | cores | worlds | seeds | simulated hours | CPU minutes | failed |
        | --- | ---: | --- | ---: | ---: | ---: |
        """

    private(set) var rows: [Row]

    /// Reads the table in a document; `nil` if there is none.
    init?(in text: String) {
        guard let range = Self.range(in: text) else { return nil }
        rows = text[range].split(separator: "\n").compactMap { Row($0) }
    }

    var nextSeed: UInt64 { (rows.map(\.lastSeed).max() ?? 0) + 1 }

    /// Adds a run to the row of these cores.
    mutating func add(_ totals: WorldTotals, cores: String) {
        if rows.last?.cores != cores {
            rows.append(Row(cores: cores, firstSeed: totals.seeds.lowerBound))
        }
        let last = rows.count - 1
        rows[last].lastSeed = totals.seeds.upperBound - 1
        rows[last].simulatedHours += totals.simulatedHours
        rows[last].cpuMinutes += totals.cpuSeconds / 60
        rows[last].failedCount += totals.failedCount
    }

    /// The document with this table in it.
    func written(into text: String) -> String {
        guard let range = Self.range(in: text) else { return text }
        let table = ([Self.head] + rows.map(\.markdown)).joined(separator: "\n")
        return text.replacingCharacters(in: range, with: "\n\n\(table)\n\n")
    }

    private static func range(in text: String) -> Range<String.Index>? {
        guard let start = text.range(of: start), let end = text.range(of: end),
            start.upperBound <= end.lowerBound
        else { return nil }
        return start.upperBound..<end.lowerBound
    }
}
