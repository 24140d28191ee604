// SPDX-License-Identifier: Apache-2.0

import Primitives
import Yams

extension ConfigurationFile {
    /// `- { path: P, capacity: C }`, every field required, none unknown.
    func disks(
        _ node: Node,
        for key: SettingKey,
        into values: inout SourcedValues
    ) -> [WorkerSettings.CacheDisk]? {
        guard case .sequence(let sequence) = node else {
            reject(node, for: key, into: &values)
            return nil
        }
        var disks: [WorkerSettings.CacheDisk] = []
        for element in sequence {
            let fields = fields(["path", "capacity"], of: element, for: key, into: &values)
            let path = field("path", in: fields, for: key, into: &values) {
                (text) throws(SettingRefusal) in try SettingKind.path(text)
            }
            let capacity = field("capacity", in: fields, for: key, into: &values) {
                (text) throws(SettingRefusal) in try SettingKind.capacity(text)
            }
            if let path, let capacity {
                disks.append(WorkerSettings.CacheDisk(path: path, capacity: capacity))
            }
        }
        return disks.count == sequence.count ? disks : nil
    }

    /// `NAME: { file: F }`.
    func credentials(
        _ node: Node,
        for key: SettingKey,
        into values: inout SourcedValues
    ) -> [WorkerSettings.LocalCredential]? {
        guard case .mapping(let mapping) = node else {
            reject(node, for: key, into: &values)
            return nil
        }
        var credentials: [WorkerSettings.LocalCredential] = []
        for (nameNode, value) in mapping {
            guard let scalar = word(of: nameNode, for: key, into: &values) else { continue }
            guard let name = try? SettingKind.identifier(source.repeated.name(scalar.string)) else {
                reject(nameNode, for: key, allowed: SettingKind.identifier.allowed, into: &values)
                continue
            }
            let fields = fields(["file"], of: value, for: key, into: &values)
            let file = field("file", in: fields, for: key, into: &values) {
                (text) throws(SettingRefusal) in try SettingKind.path(text)
            }
            if let file {
                credentials.append(WorkerSettings.LocalCredential(name: name, file: file))
            }
        }
        return credentials.count == mapping.count ? credentials : nil
    }

    /// The nodes of a small mapping by name, or `nil` and problems.
    private func fields(
        _ names: [String],
        of node: Node,
        for key: SettingKey,
        into values: inout SourcedValues
    ) -> [String: Node]? {
        guard case .mapping(let mapping) = node else {
            let shape = "a mapping of " + names.joined(separator: " and ")
            reject(node, for: key, allowed: shape, into: &values)
            return nil
        }
        var fields: [String: Node] = [:]
        for (nameNode, value) in mapping {
            let typed = source.repeated.name(nameNode.scalar?.string ?? "")
            guard let name = names.first(where: { $0 == typed }) else {
                let reason =
                    "\(key.name): unknown key \(SettingKey.quoted(typed)), allowed is "
                    + names.joined(separator: " and ") + NearestName.hint(for: typed, among: names)
                let place = mark(nameNode.mark).text
                values.reject(SettingProblem(place: place, reason: reason), mentioning: key)
                continue
            }
            fields[name] = value
        }
        for name in names where fields[name] == nil {
            let reason = "\(key.name): '\(name)' is missing, allowed is \(key.kind.allowed)"
            let place = mark(node.mark).text
            values.reject(SettingProblem(place: place, reason: reason), mentioning: key)
        }
        return fields
    }

    private func field<Value>(
        _ name: String,
        in fields: [String: Node]?,
        for key: SettingKey,
        into values: inout SourcedValues,
        reading read: (String) throws(SettingRefusal) -> Value
    ) -> Value? {
        guard let node = fields?[name] else { return nil }
        let given =
            name == "capacity"
            ? text(of: node, for: key, into: &values) : word(of: node, for: key, into: &values)
        guard let scalar = given else { return nil }
        do {
            return try read(scalar.string)
        } catch {
            values.reject(key.problem(at: mark(node.mark).text, error), mentioning: key)
            return nil
        }
    }
}
