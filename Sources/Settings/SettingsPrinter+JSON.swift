// SPDX-License-Identifier: Apache-2.0

extension SettingsPrinter {
    /// One array, `{"key":…,"value":…,"source":…}` for each key, ending with a newline.
    ///
    /// Values have their JSON types; an unset one is `null` with its `meaning`.
    package func json() -> String {
        let rows = settings.entries.map { entry in
            let value: String
            var meaning = ""
            switch entry.value {
            case .set(let set):
                value = entry.key.secrecy == .hidden ? Self.hidden(set) : Self.json(set)
            case .unset(let words):
                value = "null"
                meaning = ",\"meaning\":\(JSONText.quoted(words))"
            }
            let source = JSONText.quoted(entry.origin.text)
            return
                "{\"key\":\"\(entry.key.name)\",\"value\":\(value),\"source\":\(source)\(meaning)}"
        }
        return "[" + rows.joined(separator: ",\n ") + "]\n"
    }

    private static func json(_ value: SettingValue) -> String {
        switch value {
        case .text(let text): JSONText.quoted(text)
        case .boolean(let value): value ? "true" : "false"
        case .endpoint(let endpoint): JSONText.quoted(endpoint.description)
        case .endpoints(let endpoints): array(endpoints.map { JSONText.quoted($0.description) })
        case .paths(let paths): array(paths.map { JSONText.quoted($0) })
        case .disks(let disks):
            array(
                disks.map { disk in
                    "{\"path\":\(JSONText.quoted(disk.path)),"
                        + "\"capacity\":\"\(exact(disk.capacity))\"}"
                }
            )
        case .credentials(let credentials):
            array(
                credentials.map { credential in
                    "{\"name\":\(JSONText.quoted(credential.name)),"
                        + "\"file\":\(JSONText.quoted(credential.file))}"
                }
            )
        }
    }

    private static func hidden(_ value: SettingValue) -> String {
        guard case .credentials(let credentials) = value else { return "\"***\"" }
        return array(credentials.map { "{\"name\":\(JSONText.quoted($0.name)),\"file\":\"***\"}" })
    }

    private static func array(_ elements: [String]) -> String {
        "[" + elements.joined(separator: ",") + "]"
    }
}
