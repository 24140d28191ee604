// SPDX-License-Identifier: Apache-2.0

/// The keys of `Docs/configuration.md`, made from the table so that the two cannot differ.
package enum ConfigurationDocument {
    /// The lines between which the generated part stands.
    package static let start = "<!-- keys: generated, see SettingsTests -->"
    package static let end = "<!-- end of keys -->"

    /// One table row and one paragraph for each key, in Markdown, ending with a newline.
    package static func keys() -> String {
        var lines = [
            "| key | type | unit | default | allowed | secret |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for key in SettingKey.all {
            let isSecret = key.secrecy == .hidden ? "yes" : "no"
            lines.append(
                "| `\(key.name)` | \(key.kind.typeName) | \(key.kind.unit) | "
                    + "\(fallback(of: key)) | \(key.kind.allowed) | \(isSecret) |"
            )
        }
        lines.append("")
        for key in SettingKey.all {
            lines.append("### `\(key.name)`")
            lines.append("")
            lines.append(key.purpose + (key.presence == .notBuiltYet ? " " + notBuilt : ""))
            lines.append("")
            lines.append("Flag `\(key.flag)`, variable `\(key.variable)`.")
            lines.append("")
        }
        return lines.dropLast().map { $0 + "\n" }.joined()
    }

    private static let notBuilt = "**Not built yet**: a worker that is given it does not start."

    private static func fallback(of key: SettingKey) -> String {
        switch key.fallback {
        case .required: "**required**"
        case .text(let text): text.isEmpty ? "none" : "`\(text)`"
        case .computed(let meaning):
            meaning.map { $0 == "<" || $0 == ">" ? "\\\($0)" : String($0) }.joined()
        }
    }
}
