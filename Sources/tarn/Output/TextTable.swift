// SPDX-License-Identifier: Apache-2.0

/// Rows of words in aligned columns, two spaces apart.
struct TextTable {
    let columns: [String]
    private(set) var rows: [[String]] = []

    init(_ columns: String...) { self.columns = columns }

    mutating func add(_ cells: String...) {
        precondition(cells.count == columns.count, "a row of \(cells.count) cells")
        rows.append(cells.map { Self.shown($0) })
    }

    /// The table, each line ending with a newline; the last column is not padded.
    func text(_ style: Style) -> String {
        let widths = columns.indices.map { column in
            ([columns] + rows).map { $0[column].count }.max() ?? 0
        }
        return ([columns] + rows).map { row in
            let cells = row.enumerated().map { column, cell in
                let gap = column == row.count - 1 ? 0 : widths[column] - cell.count
                return style.state(cell, padded: cell + String(repeating: " ", count: gap))
            }
            return cells.joined(separator: "  ") + "\n"
        }.joined()
    }

    /// A name from a bucket may hold anything: nothing of it may steer a terminal or break a line.
    static func shown(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            let isSeparator = (0x2028...0x202E).contains(scalar.value)
            result.unicodeScalars.append(isControl || isSeparator ? "\u{FFFD}" : scalar)
        }
        return result.isEmpty ? "-" : result
    }
}
