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
            // The encoding is named because the default one asks the environment and prints.
            let parser = try Parser(yaml: text, encoding: .utf8)
            if let root = try parser.singleRoot() { collect(root, into: &values) }
        } catch {
            values.rejectWhole(problem(error))
        }
        return values
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
            return SettingProblem(
                place: mark(context.mark).text,
                reason:
                    "\(names.map(SettingKey.quoted).joined(separator: ", ")) is given more than "
                    + "once, first here; give each key once"
            )
        case .reader(let problem, let offset, _, _):
            return SettingProblem(
                place: position(ofCharacter: offset ?? 0).text,
                reason: "not YAML: \(problem)"
            )
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded, nil:
            return SettingProblem(place: path, reason: "not YAML")
        }
    }

    private func position(ofCharacter offset: Int) -> SettingMark {
        let before = text.prefix(offset)
        let line = before.count(where: \.isNewline) + 1
        let column = before.reversed().prefix { !$0.isNewline }.count + 1
        return SettingMark(file: path, line: line, column: column)
    }
}
