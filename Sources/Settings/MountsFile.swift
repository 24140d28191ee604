// SPDX-License-Identifier: Apache-2.0

import Primitives
import Yams

/// One mount as a file of mounts declares it: texts as given, `nil` for what is not.
package struct DeclaredMount: Hashable, Sendable {
    /// What one region does differently.
    package struct Region: Hashable, Sendable {
        package var origin: String?
        package var options: [String: String]?
        package var credential: String?
    }

    package let path: String
    /// Where the path stands in the file: `file:line:column`.
    package let place: String
    package var origin = ""
    package var options: [String: String] = [:]
    package var credential: String?
    package var regions: [String: Region] = [:]
    package var write: String?
    package var replicas: Int?
    package var metadataTTL: String?
    package var onStale: String?
}

/// A file of mounts for `mount apply`, read as strictly as a worker's configuration.
///
///     mounts:
///       /data/bucket_a: s3://bucket-a          # short for { origin: … }
///       /data/train:
///         origin: s3://lake/train
///         regions: { eu: s3://lake-eu, us: { origin: s3://lake-us, credential: us-key } }
package struct MountsFile: Sendable {
    private var source: YAMLSource
    private var problems: [SettingProblem] = []
    private var mounts: [DeclaredMount] = []

    /// Room for a full mount table.
    package static let byteLimit = 64 << 20

    private static let keys = [
        "origin", "options", "credential", "regions", "write", "replicas", "metadata-ttl",
        "on-stale",
    ]
    private static let regionKeys = ["origin", "options", "credential"]

    package init(path: String, text: String) {
        source = YAMLSource(path: path, text: text)
    }

    /// Reads a file of at most ``byteLimit`` bytes; `-` is standard input.
    ///
    /// - Throws: ``SettingsError/unreadable(path:reason:)``.
    package init(reading path: String) throws(SettingsError) {
        source = try YAMLSource(reading: path, limit: Self.byteLimit)
    }

    /// The declared mounts, in the order of the file.
    ///
    /// Whether origins, options and paths are such as a cluster takes is not looked at.
    /// - Throws: ``SettingsError/invalid(_:)`` with everything that is wrong.
    package func read() throws(SettingsError) -> [DeclaredMount] {
        var reader = self
        do throws(SettingProblem) {
            let (root, problems) = try reader.source.composed()
            reader.problems = problems
            reader.readRoot(root)
        } catch {
            throw .invalid([error])
        }
        guard reader.problems.isEmpty else { throw .invalid(reader.problems) }
        return reader.mounts
    }

    // MARK: - Levels

    private mutating func readRoot(_ root: Node?) {
        let allowed = "a mapping with the key 'mounts'"
        guard let root, case .mapping = root else {
            return reject(root, "the file", allowed: allowed)
        }
        for (key, node) in members(of: root, named: "the file", allowed: ["mounts"]) {
            guard key == "mounts" else { continue }
            guard case .mapping(let mapping) = node else {
                return reject(node, "mounts", allowed: "a mapping of paths to mounts; {} for none")
            }
            for (pathNode, value) in mapping { readMount(pathNode, value) }
            return
        }
        if problems.isEmpty { reject(root, "the file", allowed: allowed) }
    }

    private mutating func readMount(_ pathNode: Node, _ node: Node) {
        guard case .scalar(let scalar) = pathNode else {
            return reject(pathNode, "a path", allowed: "a text")
        }
        let path = source.repeated.name(scalar.string)
        let name = SettingKey.quoted(path)
        var mount = DeclaredMount(path: path, place: source.mark(pathNode.mark).text)
        if case .scalar = node {
            mount.origin = text(node, "\(name): origin") ?? ""
        } else {
            for (key, value) in members(of: node, named: name, allowed: Self.keys) {
                read(value, as: key, into: &mount)
            }
            if case .mapping(let mapping) = node, mapping["origin"] == nil {
                let place = source.mark(node.mark).text
                problems.append(
                    SettingProblem(place: place, reason: "\(name): 'origin' is missing")
                )
            }
        }
        mounts.append(mount)
    }

    private mutating func read(_ node: Node, as key: String, into mount: inout DeclaredMount) {
        let name = "\(SettingKey.quoted(mount.path)): \(key)"
        switch key {
        case "origin": mount.origin = text(node, name) ?? ""
        case "options": mount.options = options(node, name) ?? [:]
        case "credential": mount.credential = text(node, name)
        case "regions":
            for (region, value) in members(of: node, named: name, allowed: nil) {
                mount.regions[region] = self.region(value, "\(name): \(region)")
            }
        case "write": mount.write = text(node, name)
        case "replicas": mount.replicas = number(node, name)
        case "metadata-ttl": mount.metadataTTL = text(node, name)
        default: mount.onStale = text(node, name)
        }
    }

    private mutating func region(_ node: Node, _ name: String) -> DeclaredMount.Region {
        var region = DeclaredMount.Region()
        if case .scalar = node {
            region.origin = text(node, name)
            return region
        }
        for (key, value) in members(of: node, named: name, allowed: Self.regionKeys) {
            switch key {
            case "origin": region.origin = text(value, "\(name): origin")
            case "options": region.options = options(value, "\(name): options")
            default: region.credential = text(value, "\(name): credential")
            }
        }
        return region
    }

    // MARK: - Parts

    /// A mapping's members, unknown keys reported and left out; `allowed` is `nil` where any will do.
    private mutating func members(
        of node: Node,
        named name: String,
        allowed: [String]?
    ) -> [(key: String, value: Node)] {
        guard case .mapping(let mapping) = node else {
            let keys = allowed.map { " of " + $0.joined(separator: ", ") } ?? ""
            reject(node, name, allowed: "a mapping" + keys)
            return []
        }
        var members: [(key: String, value: Node)] = []
        for (keyNode, value) in mapping {
            guard case .scalar(let scalar) = keyNode else {
                reject(keyNode, name, allowed: "a plain word as key")
                continue
            }
            let key = source.repeated.name(scalar.string)
            guard let allowed, !allowed.contains(key) else {
                members.append((key, value))
                continue
            }
            let hint = NearestName.hint(for: key, among: allowed)
            let rest = hint.isEmpty ? ", allowed: " + allowed.joined(separator: ", ") : hint
            let reason = "\(name): unknown key \(SettingKey.quoted(key))\(rest)"
            problems.append(SettingProblem(place: source.mark(keyNode.mark).text, reason: reason))
        }
        return members
    }

    private mutating func options(_ node: Node, _ name: String) -> [String: String]? {
        var options: [String: String] = [:]
        for (key, value) in members(of: node, named: name, allowed: nil) {
            options[key] = text(value, "\(name): \(key)")
        }
        return options
    }

    private mutating func text(_ node: Node, _ name: String) -> String? {
        if case .scalar(let scalar) = node, !YAMLSource.isNull(scalar) { return scalar.string }
        reject(node, name, allowed: "a text")
        return nil
    }

    private mutating func number(_ node: Node, _ name: String) -> Int? {
        if case .scalar(let scalar) = node, scalar.style == .plain, let number = Int(scalar.string)
        {
            return number
        }
        reject(node, name, allowed: "a whole number")
        return nil
    }

    private mutating func reject(_ node: Node?, _ name: String, allowed: String) {
        let shape = node.map(YAMLSource.shape(of:)) ?? "nothing"
        problems.append(
            SettingProblem(
                place: source.mark(node?.mark).text,
                reason: "\(name): \(shape) was given, allowed is \(allowed)"
            )
        )
    }
}
