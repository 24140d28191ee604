// SPDX-License-Identifier: Apache-2.0
import Primitives

/// Says "did you mean 'x'?" if there is such an x, else what is allowed.
func suggestion(for given: String, among names: [String]) -> String {
    if let name = NearestName.suggestions(for: given, among: names).first {
        return "did you mean '\(name)'?"
    }
    return names.isEmpty ? "none is allowed here" : "allowed: \(names.joined(separator: ", "))"
}
