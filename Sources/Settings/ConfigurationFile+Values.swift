// SPDX-License-Identifier: Apache-2.0

import Yams

extension ConfigurationFile {
    /// Reads one key's node into its type, collecting every problem below it.
    func read(_ node: Node, for key: SettingKey, into values: inout SourcedValues) {
        let place = mark(node.mark)
        guard key.presence == .built else {
            values.reject(SourcedValues.notBuilt(key, at: place.text), mentioning: key)
            return
        }
        switch key.kind {
        case .identifier, .path, .socket, .host, .endpoint, .boolean, .choice:
            if let value = scalar(node, for: key, into: &values) {
                values.accept(value, for: key, from: .file(place))
            }
        case .endpoints:
            let parsed = list(node, for: key, into: &values) {
                (text) throws(SettingRefusal) in try SettingKind.endpoint(text)
            }
            if let parsed { values.accept(.endpoints(parsed), for: key, from: .file(place)) }
        case .paths:
            let parsed = list(node, for: key, of: .words, into: &values) {
                (text) throws(SettingRefusal) in try SettingKind.path(text)
            }
            if let parsed { values.accept(.paths(parsed), for: key, from: .file(place)) }
        case .disks:
            if let disks = disks(node, for: key, into: &values) {
                values.accept(.disks(disks), for: key, from: .file(place))
            }
        case .credentials:
            if let credentials = credentials(node, for: key, into: &values) {
                values.accept(.credentials(credentials), for: key, from: .file(place))
            }
        }
    }

    private func scalar(
        _ node: Node,
        for key: SettingKey,
        into values: inout SourcedValues
    ) -> SettingValue? {
        let given =
            switch key.kind {
            case .identifier, .path, .socket, .host: word(of: node, for: key, into: &values)
            case .endpoint, .boolean, .choice, .endpoints, .paths, .disks, .credentials:
                text(of: node, for: key, into: &values)
            }
        guard let scalar = given else { return nil }
        // A key's type decides how a plain word is read; but "true" in quotes is no boolean.
        if key.kind == .boolean, scalar.style != .plain {
            let refusal = SettingRefusal(given: "\"\(scalar.string)\"")
            values.reject(key.problem(at: mark(node.mark).text, refusal), mentioning: key)
            return nil
        }
        do {
            return try key.kind.scalar(scalar.string)
        } catch {
            values.reject(key.problem(at: mark(node.mark).text, error), mentioning: key)
            return nil
        }
    }

    /// The single value of a node, or `nil` and a problem.
    func text(
        of node: Node,
        for key: SettingKey,
        allowed: String? = nil,
        into values: inout SourcedValues
    ) -> Node.Scalar? {
        if case .scalar(let scalar) = node, !YAMLSource.isNull(scalar) { return scalar }
        reject(node, for: key, allowed: allowed, into: &values)
        return nil
    }

    /// The text of a name or a path, or `nil` and a problem.
    ///
    /// What YAML reads as a number or a boolean is none: `name: 0123` and `name: 123` would be two
    /// spellings of one value. In quotes it is a text.
    func word(
        of node: Node,
        for key: SettingKey,
        into values: inout SourcedValues
    ) -> Node.Scalar? {
        guard let scalar = text(of: node, for: key, into: &values) else { return nil }
        let isForeign = PlainWord.isNumber(scalar.string) || PlainWord.isBoolean(scalar.string)
        guard scalar.style == .plain, isForeign else { return scalar }
        let allowed = key.kind.allowed + "; in quotes it is a text"
        reject(node, for: key, allowed: allowed, into: &values)
        return nil
    }

    func reject(
        _ node: Node,
        for key: SettingKey,
        allowed: String? = nil,
        into values: inout SourcedValues
    ) {
        let reason =
            "\(key.name): \(YAMLSource.shape(of: node)) was given, allowed is \(allowed ?? key.kind.allowed)"
        values.reject(SettingProblem(place: mark(node.mark).text, reason: reason), mentioning: key)
    }

    /// Whether what looks like a number may be given: a name or a path is a word.
    private enum Elements { case words, texts }

    private func list<Element>(
        _ node: Node,
        for key: SettingKey,
        of elementKind: Elements = .texts,
        into values: inout SourcedValues,
        reading read: (String) throws(SettingRefusal) -> Element
    ) -> [Element]? {
        guard case .sequence(let sequence) = node else {
            reject(node, for: key, into: &values)
            return nil
        }
        var elements: [Element] = []
        for element in sequence {
            let given =
                switch elementKind {
                case .words: word(of: element, for: key, into: &values)
                case .texts: text(of: element, for: key, into: &values)
                }
            guard let scalar = given else { continue }
            do {
                elements.append(try read(scalar.string))
            } catch {
                values.reject(key.problem(at: mark(element.mark).text, error), mentioning: key)
            }
        }
        return elements.count == sequence.count ? elements : nil
    }
}
