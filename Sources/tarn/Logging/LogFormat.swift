// SPDX-License-Identifier: Apache-2.0

package import APIModel
package import Logging
import Settings

/// Writes one event as one line: nothing that an event carries can break or forge a line.
package enum LogFormat: Sendable {
    /// `2026-01-02T03:04:05.678Z notice   became leader  raft.term=4 peer="w 2"`.
    case text
    /// `{"time":…,"level":…,"message":…,"facts":{…}}`.
    case json

    /// The line, ending with a newline; facts in the order of their names.
    package func line(
        time: Timestamp,
        level: Logger.Level,
        message: String,
        facts: Logger.Metadata
    ) -> String {
        let sorted = facts.sorted { $0.key < $1.key }
        switch self {
        case .text:
            let padding = String(repeating: " ", count: Self.levelWidth - level.rawValue.count)
            let words = sorted.map { " \(Self.word($0.key))=\(Self.word(Self.plain($0.value)))" }
            let text = Self.oneLine(message)
            let gap = words.isEmpty ? "" : " "
            return "\(time) \(level.rawValue)\(padding) \(text)\(gap)\(words.joined())\n"
        case .json:
            let members = sorted.map { "\(JSONText.quoted($0.key)):\(Self.json($0.value))" }
            return "{\"time\":\"\(time)\",\"level\":\"\(level.rawValue)\","
                + "\"message\":\(JSONText.quoted(message)),"
                + "\"facts\":{\(members.joined(separator: ","))}}\n"
        }
    }

    /// `critical` is the longest.
    private static let levelWidth = 8

    // MARK: - Text

    /// In quotes unless it is one visible word without anything that separates facts.
    private static func word(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { scalar in
            scalar.value > 0x20 && !(0x7F...0xA0).contains(scalar.value) && scalar != "\""
                && scalar != "=" && scalar != "\\" && !scalar.properties.isWhitespace
        }
        return isPlain && !text.isEmpty ? text : JSONText.quoted(text)
    }

    private static func oneLine(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { scalar in
            scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value)
                && !(0x2028...0x2029).contains(scalar.value)
        }
        return isPlain ? text : JSONText.quoted(text)
    }

    private static func plain(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): text
        case .stringConvertible(let value): value.description
        case .array, .dictionary: json(value)
        }
    }

    // MARK: - JSON

    private static func json(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text):
            JSONText.quoted(text)
        case .stringConvertible(let value):
            number(value) ?? JSONText.quoted(value.description)
        case .array(let values):
            "[" + values.map(json).joined(separator: ",") + "]"
        case .dictionary(let members):
            "{"
                + members.sorted { $0.key < $1.key }
                .map { "\(JSONText.quoted($0.key)):\(json($0.value))" }
                .joined(separator: ",") + "}"
        }
    }

    private static func number(_ value: any CustomStringConvertible) -> String? {
        switch value {
        case let value as Bool: value ? "true" : "false"
        case let value as any BinaryInteger: value.description
        case let value as Double: value.isFinite ? value.description : nil
        default: nil
        }
    }
}
