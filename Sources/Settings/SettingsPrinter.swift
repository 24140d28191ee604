// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Prints effective settings in the file's own form, each value with where it came from.
///
/// What it prints is a configuration file: read again it gives the same settings, as long as no key
/// is secret.
package struct SettingsPrinter: Sendable {
    package let settings: EffectiveSettings

    /// Comments begin in this column, or two spaces after longer text.
    private static let commentColumn = 48

    package init(_ settings: EffectiveSettings) { self.settings = settings }

    /// YAML, ending with a newline.
    package func yaml() -> String {
        var lines: [String] = []
        var group = ""
        for entry in settings.entries {
            let parts = entry.key.name.split(separator: ".").map(String.init)
            if parts.count == 1 {
                group = ""
            } else if parts[0] != group {
                group = parts[0]
                // A group of which nothing is set has to stay a comment: it would be an empty value.
                lines.append(isAnySet(in: group) ? "\(group):" : "# \(group):")
            }
            lines += self.lines(of: entry, indent: parts.count == 1 ? "" : "  ")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private func isAnySet(in group: String) -> Bool {
        settings.entries.contains { entry in
            guard entry.key.name.hasPrefix(group + "."), case .set = entry.value else {
                return false
            }
            return true
        }
    }

    private func lines(of entry: EffectiveSettings.Entry, indent: String) -> [String] {
        let name = entry.key.name.split(separator: ".").last.map(String.init) ?? entry.key.name
        let origin = entry.origin.text
        guard case .set(let value) = entry.value else {
            guard case .unset(let meaning) = entry.value else { return [] }
            return [commented("# \(indent)\(name):", "\(origin): \(meaning)")]
        }
        let isHidden = entry.key.secrecy == .hidden
        switch value {
        case .disks(let disks):
            return [commented("\(indent)\(name):", origin)]
                + disks.map { disk in
                    let fields =
                        "path: \(Self.scalar(disk.path)), capacity: \(Self.exact(disk.capacity))"
                    return commented("\(indent)  - { \(fields) }", origin)
                }
        case .credentials(let credentials) where !credentials.isEmpty:
            return [commented("\(indent)\(name):", origin)]
                + credentials.map { credential in
                    let file = Self.scalar(isHidden ? "***" : credential.file)
                    let name = Self.scalar(credential.name)
                    return commented("\(indent)  \(name): { file: \(file) }", origin)
                }
        case .text, .boolean, .endpoint, .endpoints, .paths, .credentials:
            let text = isHidden && value != .credentials([]) ? Self.scalar("***") : Self.flow(value)
            return [commented("\(indent)\(name): \(text)", origin)]
        }
    }

    private func commented(_ line: String, _ comment: String) -> String {
        let gap = max(2, Self.commentColumn - line.count)
        return line + String(repeating: " ", count: gap) + "# " + Self.onOneLine(comment)
    }

    // MARK: - Scalars

    private static func flow(_ value: SettingValue) -> String {
        switch value {
        case .text(let text): scalar(text)
        case .boolean(let value): value ? "true" : "false"
        case .endpoint(let endpoint): scalar(endpoint.description)
        case .endpoints(let endpoints): list(endpoints.map(\.description))
        case .paths(let paths): list(paths)
        case .disks, .credentials: "{}"
        }
    }

    private static func list(_ elements: [String]) -> String {
        "[" + elements.map(scalar).joined(separator: ", ") + "]"
    }

    /// Plain where nothing in it could mean something to YAML, else in double quotes.
    static func scalar(_ text: String) -> String {
        let isPlainByte = { (byte: UInt8) in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || [0x2D, 0x2E, 0x2F, 0x3A, 0x5F].contains(byte)
        }
        let startsPlain = text.utf8.first.map { isPlainByte($0) && $0 != 0x2D && $0 != 0x3A }
        let isWord = ["true", "false", "null", "yes", "no", "on", "off"].contains(text.lowercased())
        let isText = !isWord && !PlainWord.isNumber(text) && !text.hasSuffix(":")
        if startsPlain == true, isText, text.utf8.allSatisfy(isPlainByte) {
            return text
        }
        return JSONText.quoted(text)
    }

    /// The largest unit that divides it: ``ByteCount``'s own text rounds.
    static func exact(_ count: ByteCount) -> String {
        let units: [(name: String, bytes: UInt64)] = [
            ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
        ]
        for unit in units where count.bytes >= unit.bytes && count.bytes % unit.bytes == 0 {
            return "\(count.bytes / unit.bytes)\(unit.name)"
        }
        return "\(count.bytes)B"
    }

    private static func onOneLine(_ text: String) -> String {
        text.map { $0.isNewline ? "�" : String($0) }.joined()
    }
}
