// SPDX-License-Identifier: Apache-2.0

/// The candidate with the fewest edits from `name`, for "did you mean"; the first of equals.
///
/// Bounded: only the first 64 bytes of `name` are looked at. `nil` without candidates.
/// - Source: Wagner, Fischer, "The String-to-String Correction Problem", JACM 1974.
func nearestName(to name: String, in candidates: [String]) -> String? {
    let asked = Array(name.utf8.prefix(64))
    var best: (name: String, edits: Int)?
    for candidate in candidates {
        let edits = editDistance(asked, Array(candidate.utf8))
        if edits < best?.edits ?? .max { best = (candidate, edits) }
    }
    return best?.name
}

private func editDistance(_ lhs: [UInt8], _ rhs: [UInt8]) -> Int {
    var row = Array(0...rhs.count)
    for (i, byte) in lhs.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, other) in rhs.enumerated() {
            let replaced = diagonal + (byte == other ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
        }
    }
    return row[rhs.count]
}
