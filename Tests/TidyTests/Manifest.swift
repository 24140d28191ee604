// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What `Package.swift` says about targets, read as text: the manifest cannot be imported.
struct Manifest {
    struct Target {
        let name: String
        /// 0 is the highest layer; a target may depend on its own layer and smaller ones.
        let layer: Int
        /// Modules it may import, products of other packages among them.
        let modules: Set<String>
    }

    let targets: [String: Target]

    private static let layers = [
        "vocabulary", "cores", "ports", "runtime", "executables", "testSupport", "tests",
    ]

    init() {
        let text =
            (try? String(
                contentsOf: Repository.root.appending(path: "Package.swift"),
                encoding: .utf8
            ))
            ?? ""
        let products = Self.products(in: text)
        var targets: [String: Target] = [:]
        for (layer, name) in Self.layers.enumerated() {
            for block in Self.targetBlocks(in: Self.list(name, in: text)) {
                guard let target = block.firstMatch(of: #/name: "(\w+)"/#).map({ String($0.1) })
                else { continue }
                let parts = block.split(separator: "dependencies:", maxSplits: 1)
                let body = parts.count == 2 ? parts[1] : ""
                let own = body.matches(of: #/"(\w+)"/#).map { String($0.1) }
                let others = body.matches(of: #/\.(\w+)[,\] ]/#)
                    .compactMap { products[String($0.1)] }
                targets[target] = Target(name: target, layer: layer, modules: Set(own + others))
            }
        }
        self.targets = targets
    }

    /// `let NAME: [Target] = [ … ]`, up to the bracket at the line's start.
    private static func list(_ name: String, in text: String) -> String {
        guard let start = text.range(of: "let \(name): [Target] = [") else { return "" }
        let rest = text[start.upperBound...]
        let end = rest.range(of: "\n]")?.lowerBound ?? rest.endIndex
        return String(rest[..<end])
    }

    private static func targetBlocks(in list: String) -> [String] {
        var blocks: [String] = []
        for line in list.split(separator: "\n") {
            if line.contains(#/^    \.(\w*[tT]arget|systemLibrary)\(/#) {
                blocks.append(String(line))
            } else if !blocks.isEmpty {
                blocks[blocks.count - 1] += " " + line
            }
        }
        return blocks
    }

    /// Accessor of a product ⇒ its module.
    private static func products(in text: String) -> [String: String] {
        let flat = text.split(separator: "\n").joined(separator: " ")
        let matches = flat.matches(of: #/static var (\w+): Self \{\s*\.product\(name: "(\w+)"/#)
        return Dictionary(matches.map { (String($0.1), String($0.2)) }) { first, _ in first }
    }
}
