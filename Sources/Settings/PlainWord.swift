// SPDX-License-Identifier: Apache-2.0

/// Words that without quotes are no text to YAML.
///
/// Source: YAML 1.2 §10.3.2, the core schema.
enum PlainWord {
    static func isNumber(_ word: String) -> Bool {
        let decimal = #/[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?/#
        let other = #/0o[0-7]+|0x[0-9a-fA-F]+|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)/#
        return word.wholeMatch(of: decimal) != nil || word.wholeMatch(of: other) != nil
    }

    static func isBoolean(_ word: String) -> Bool {
        ["true", "True", "TRUE", "false", "False", "FALSE"].contains(word)
    }
}
