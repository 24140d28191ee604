// SPDX-License-Identifier: Apache-2.0

import Foundation
import Yams

/// A configuration file, read as YAML and compared with the table of keys.
///
/// Yams only composes nodes with marks. Its own error texts are never shown: they repeat the file's
/// lines, which may hold a secret.
package struct ConfigurationFile: Sendable {
    /// As errors and comments name it.
    package let path: String
    package let text: String
    /// What stands for a repeated key, so that the rest can be read; see ``RepeatedKeys``.
    var repeated = RepeatedKeys()

    /// Larger than any real configuration by four orders of magnitude.
    package static let byteLimit = 1 << 20

    package init(path: String, text: String) {
        self.path = path
        self.text = text
    }

    /// Reads a file of at most ``byteLimit`` bytes.
    ///
    /// - Throws: ``SettingsError/unreadable(path:reason:)``.
    package init(reading path: String) throws(SettingsError) {
        let bytes: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? handle.close() }
            bytes = try handle.read(upToCount: Self.byteLimit + 1) ?? Data()
        } catch {
            throw .unreadable(path: path, reason: Self.reason(of: error))
        }
        guard bytes.count <= Self.byteLimit else {
            throw .unreadable(path: path, reason: "longer than \(Self.byteLimit) bytes")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .unreadable(path: path, reason: "not UTF-8")
        }
        self.init(path: path, text: text)
    }

    func values() -> SourcedValues {
        var values = SourcedValues()
        do {
            let (root, repeated) = try composed()
            let inOrder = repeated.found.sorted {
                ($0.position.line, $0.position.column) < ($1.position.line, $1.position.column)
            }
            for (name, position) in inOrder {
                values.reject(Self.repeats([name], at: mark(position)))
            }
            var readable = self
            readable.repeated = repeated
            if let root { readable.collect(root, into: &values) }
        } catch {
            values.rejectWhole(problem(error))
        }
        return values
    }

    /// The file's node; each repeated key that stops the parser is masked, and it is tried again.
    private func composed() throws -> (root: Node?, repeated: RepeatedKeys) {
        var repeated = RepeatedKeys()
        var readable = text
        while true {
            do {
                // The encoding is named because the default one asks the environment and prints.
                return (try Parser(yaml: readable, encoding: .utf8).singleRoot(), repeated)
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
