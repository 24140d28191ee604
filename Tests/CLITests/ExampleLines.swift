// SPDX-License-Identifier: Apache-2.0

/// Command lines as help texts and documents print them.
enum ExampleLines {
    /// The commands below `EXAMPLES:`.
    static func commands(in help: String) -> [String] {
        var isInside = false
        var found: [String] = []
        for line in help.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "EXAMPLES:" {
                isInside = true
            } else if isInside, line.isEmpty {
                isInside = false
            } else if isInside {
                found.append(line.trimmingPrefix("  ").description)
            }
        }
        return found
    }

    /// The words behind `tarn`, up to a redirection or a pipe.
    static func words(_ line: String) -> [String] {
        Array(
            line.split(separator: " ").map(String.init).dropFirst()
                .prefix { ![">", "|", "&", "#", "&&", "\\"].contains($0) }
        )
    }
}
