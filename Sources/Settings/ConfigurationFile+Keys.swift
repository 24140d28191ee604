// SPDX-License-Identifier: Apache-2.0

import Primitives
import Yams

extension ConfigurationFile {
    /// Walks the file level by level as the table of keys says, collecting values and problems.
    ///
    /// Never deeper than the table: an alias bomb is an unexpected value, not a long walk.
    func collect(_ root: Node, into values: inout SourcedValues) {
        if case .scalar(let scalar) = root, scalar.style == .plain, YAMLSource.isNull(scalar) {
            return
        }
        guard case .mapping(let mapping) = root else {
            let problem = "a configuration is a mapping of keys to values, such as 'name: w1'"
            values.reject(SettingProblem(place: mark(root.mark).text, reason: problem))
            return
        }
        collect(mapping, below: "", into: &values)
    }

    private func collect(
        _ mapping: Node.Mapping,
        below prefix: String,
        into values: inout SourcedValues
    ) {
        for (keyNode, valueNode) in mapping {
            guard case .scalar(let scalar) = keyNode else {
                let place = mark(keyNode.mark).text
                values.reject(SettingProblem(place: place, reason: "a key must be a plain word"))
                continue
            }
            let word = source.repeated.name(scalar.string)
            if let key = SettingKey.named(prefix + word), !word.contains(".") {
                read(valueNode, for: key, into: &values)
            } else if prefix.isEmpty, Self.groups.contains(word) {
                collectGroup(valueNode, named: word, into: &values)
            } else {
                values.reject(unknown(word, at: mark(scalar.mark).text, below: prefix))
            }
        }
    }

    private func collectGroup(_ node: Node, named group: String, into values: inout SourcedValues) {
        guard case .mapping(let mapping) = node else {
            let members = Self.members(of: group + ".").joined(separator: ", ")
            values.reject(
                SettingProblem(
                    place: mark(node.mark).text,
                    reason:
                        "\(group): \(YAMLSource.shape(of: node)) was given, allowed is a mapping of "
                        + members
                )
            )
            return
        }
        collect(mapping, below: group + ".", into: &values)
    }

    private func unknown(
        _ word: String,
        at place: String,
        below prefix: String
    ) -> SettingProblem {
        let typed = prefix + word
        if prefix.isEmpty, let dot = word.firstIndex(of: "."), SettingKey.named(word) != nil {
            let group = word[..<dot]
            let member = word[word.index(after: dot)...]
            return SettingProblem(
                place: place,
                reason: "unknown key '\(typed)'; write it as '\(group): { \(member): … }'"
            )
        }
        let hint = NearestName.hint(for: word, among: Self.members(of: prefix))
        return SettingProblem(
            place: place,
            reason: "unknown key \(SettingKey.quoted(typed))\(hint)"
        )
    }

    /// `listen`, `tls`, `log`: the words before a dot, in the table's order.
    private static let groups: [String] = SettingKey.all.reduce(into: []) { groups, key in
        guard let dot = key.name.firstIndex(of: ".") else { return }
        let group = String(key.name[..<dot])
        if !groups.contains(group) { groups.append(group) }
    }

    /// The names that may stand in the mapping of this prefix.
    private static func members(of prefix: String) -> [String] {
        guard prefix.isEmpty else {
            return SettingKey.all.filter { $0.name.hasPrefix(prefix) }
                .map { String($0.name.dropFirst(prefix.count)) }
        }
        return SettingKey.all.map(\.name).filter { !$0.contains(".") } + groups
    }
}
