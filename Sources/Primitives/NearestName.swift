// SPDX-License-Identifier: Apache-2.0

/// Finds the right names closest to a mistyped one.
///
/// - Source: Wagner, Fischer, "The String-to-String Correction Problem", JACM 1974.
package enum NearestName {
    /// Names longer than this are nobody's typing error, and would make the search slow.
    private static let lengthLimit = 64

    /// At most three of `names`, nearest first, equally near ones in alphabetical order.
    ///
    /// Near means at most two edits, or a third of the typed length; or one begins with the other.
    package static func suggestions(for typed: String, among names: [String]) -> [String] {
        guard !typed.isEmpty, typed.utf8.count <= lengthLimit else { return [] }
        let limit = max(2, typed.utf8.count / 3)
        let ranked = names.compactMap { name -> (name: String, distance: Int)? in
            let distance = distance(lowercased(typed), lowercased(name))
            // Two edits make anything of a short name: half of it has to stay.
            let isNear = distance <= limit && distance * 2 <= max(typed.utf8.count, name.utf8.count)
            let isPrefix = typed.utf8.count > 1 && name.hasPrefix(typed)
            return isNear || isPrefix ? (name, distance) : nil
        }
        return
            ranked
            .sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }
            .prefix(3).map(\.name)
    }

    /// "; did you mean 'a' or 'b'?", or nothing where no name is near.
    ///
    /// A prefix that all names share is left out of the comparison: it would make any two look alike.
    package static func hint(
        for typed: String,
        among names: [String],
        prefix: String = ""
    ) -> String {
        let own = { (name: String) in
            name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
        }
        let near = suggestions(for: own(typed), among: names.map(own)).map { "'\(prefix)\($0)'" }
        guard let last = near.last else { return "" }
        let list =
            near.count == 1 ? last : near.dropLast().joined(separator: ", ") + " or " + last
        return "; did you mean \(list)?"
    }

    /// Letters of ASCII alone: the same on every machine, as the catalog's answers have to be.
    private static func lowercased(_ name: String) -> [UInt8] {
        name.utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }

    /// Insertions, deletions, replacements and swaps of neighbours ("optimal string alignment").
    ///
    /// O(a · b) time, three rows of memory.
    package static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var before = [Int](repeating: 0, count: b.count + 1)
        var above = Array(0...b.count)
        for (row, left) in a.enumerated() {
            var current = [row + 1]
            for (column, right) in b.enumerated() {
                var best = min(above[column + 1], current[column]) + 1
                best = min(best, above[column] + (left == right ? 0 : 1))
                if row > 0, column > 0, left == b[column - 1], a[row - 1] == right {
                    best = min(best, before[column - 1] + 1)
                }
                current.append(best)
            }
            (before, above) = (above, current)
        }
        return above[b.count]
    }
}
