// SPDX-License-Identifier: Apache-2.0

import Yams

/// A worker's configuration file, read as YAML and compared with the table of keys.
package struct ConfigurationFile: Sendable {
    var source: YAMLSource

    /// Larger than any real configuration by four orders of magnitude.
    package static let byteLimit = 1 << 20

    package init(path: String, text: String) {
        source = YAMLSource(path: path, text: text)
    }

    /// Reads a file of at most ``byteLimit`` bytes.
    ///
    /// - Throws: ``SettingsError/unreadable(path:reason:)``.
    package init(reading path: String) throws(SettingsError) {
        source = try YAMLSource(reading: path, limit: Self.byteLimit)
    }

    func values() -> SourcedValues {
        var values = SourcedValues()
        do throws(SettingProblem) {
            var readable = self
            let (root, problems) = try readable.source.composed()
            for problem in problems { values.reject(problem) }
            if let root { readable.collect(root, into: &values) }
        } catch {
            values.rejectWhole(error)
        }
        return values
    }

    func mark(_ mark: Mark?) -> SettingMark { source.mark(mark) }
}
