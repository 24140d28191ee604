// SPDX-License-Identifier: Apache-2.0

import Foundation
import Yams

/// The text of a YAML file, and its nodes with marks, so that a strict reader can say what is wrong where.
///
/// Yams only composes nodes. Its own error texts are never shown: they repeat the file's lines, which
/// may hold a secret.
struct YAMLSource: Sendable {
    /// As errors and comments name it.
    let path: String
    let text: String
    /// What stands for a repeated key, so that the rest can be read; see ``RepeatedKeys``.
    private(set) var repeated = RepeatedKeys()

    init(path: String, text: String) {
        self.path = path
        self.text = text
    }

    /// Reads a file of at most `limit` bytes; `-` is standard input.
    ///
    /// - Throws: ``SettingsError/unreadable(path:reason:)``.
    init(reading path: String, limit: Int) throws(SettingsError) {
        let bytes: Data
        do {
            let handle =
                path == "-"
                ? FileHandle.standardInput
                : try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? handle.close() }
            bytes = try handle.read(upToCount: limit + 1) ?? Data()
        } catch {
            throw .unreadable(path: path, reason: Self.reason(of: error))
        }
        guard bytes.count <= limit else {
            throw .unreadable(path: path, reason: "longer than \(limit) bytes")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .unreadable(path: path, reason: "not UTF-8")
        }
        self.init(path: path, text: text)
    }

    /// The file's node, and each key that is given twice; that one is masked, and it is tried again.
    ///
    /// - Throws: ``SettingProblem`` for what is no YAML.
    mutating func composed() throws(SettingProblem) -> (root: Node?, problems: [SettingProblem]) {
        do {
            let root = try masked()
            let inOrder = repeated.found.sorted {
                ($0.position.line, $0.position.column) < ($1.position.line, $1.position.column)
            }
            return (root, inOrder.map { Self.repeats([$0.name], at: mark($0.position)) })
        } catch {
            throw problem(error)
        }
    }

    private mutating func masked() throws -> Node? {
        var readable = text
        while true {
            do {
                // The encoding is named because the default one asks the environment and prints.
                return try Parser(yaml: readable, encoding: .utf8).singleRoot()
            } catch YamlError.duplicatedKeysInMapping(let names, let context) {
                guard let name = names.first,
                    let masked = repeated.masking(name, at: context.mark, in: readable)
                else {
                    throw YamlError.duplicatedKeysInMapping(duplicates: names, context: context)
                }
                readable = masked
            }
        }
    }

    func mark(_ mark: Mark?) -> SettingMark {
        SettingMark(file: path, line: mark?.line ?? 1, column: mark?.column ?? 1)
    }

    /// YAML 1.2 §10.2.1.1, and the empty value.
    static func isNull(_ scalar: Node.Scalar) -> Bool {
        scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// What a node is, without repeating its content.
    static func shape(of node: Node) -> String {
        switch node {
        case .scalar(let scalar) where scalar.style == .plain && PlainWord.isNumber(scalar.string):
            "a number"
        case .scalar(let scalar) where scalar.style == .plain && PlainWord.isBoolean(scalar.string):
            "a boolean"
        case .scalar(let scalar): isNull(scalar) ? "nothing" : "a single value"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }

    // MARK: - What cannot be parsed

    private static func reason(of error: any Error) -> String {
        let failure = error as NSError
        if let cause = failure.userInfo[NSUnderlyingErrorKey] as? NSError,
            cause.domain == NSPOSIXErrorDomain, let text = unsafe strerror(Int32(cause.code))
        {
            let words = unsafe String(cString: text)
            return "cannot be read: \(words)"
        }
        return "cannot be read"
    }

    private func problem(_ error: any Error) -> SettingProblem {
        switch error as? YamlError {
        case .scanner(_, let problem, let position, _), .parser(_, let problem, let position, _),
            .composer(_, let problem, let position, _):
            return SettingProblem(place: mark(position).text, reason: "not YAML: \(problem)")
        case .duplicatedKeysInMapping(let names, let context):
            return Self.repeats(names, at: mark(context.mark))
        case .reader(let problem, let offset, _, _):
            return SettingProblem(
                place: position(ofCharacter: offset ?? 0).text,
                reason: "not YAML: \(problem)"
            )
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded, nil:
            return SettingProblem(place: path, reason: "not YAML")
        }
    }

    private static func repeats(_ names: [String], at mark: SettingMark) -> SettingProblem {
        let quoted = names.map(SettingKey.quoted).joined(separator: ", ")
        return SettingProblem(
            place: mark.text,
            reason: "\(quoted) is given more than once, first here; give each key once"
        )
    }

    private func position(ofCharacter offset: Int) -> SettingMark {
        let before = text.prefix(offset)
        let line = before.count(where: \.isNewline) + 1
        let column = before.reversed().prefix { !$0.isNewline }.count + 1
        return SettingMark(file: path, line: line, column: column)
    }
}
