// SPDX-License-Identifier: Apache-2.0

/// Finds what somebody who typed `given` most likely meant.
///
/// `nil` where nothing is near: at most a third of the longer name may differ (Levenshtein distance,
/// O(lengths' product); names longer than 64 bytes are not compared).
func nearestName(to given: String, among names: [String]) -> String? {
    let ranked = names.map { (name: $0, distance: editDistance(given, $0)) }
    guard given.utf8.count <= 64, let best = ranked.min(by: { $0.distance < $1.distance }),
        best.distance * 3 <= max(given.utf8.count, best.name.utf8.count)
    else { return nil }
    return best.name
}

/// Says "did you mean 'x'?" if there is such an x, else what is allowed.
func suggestion(for given: String, among names: [String]) -> String {
    if let name = nearestName(to: given, among: names) { return "did you mean '\(name)'?" }
    return names.isEmpty ? "none is allowed here" : "allowed: \(names.joined(separator: ", "))"
}

private func editDistance(_ first: String, _ second: String) -> Int {
    let left = Array(first.utf8.prefix(64))
    let right = Array(second.utf8.prefix(64))
    var row = Array(0...right.count)
    for (i, leftByte) in left.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, rightByte) in right.enumerated() {
            let substituted = diagonal + (leftByte == rightByte ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
        }
    }
    return row[right.count]
}
