// SPDX-License-Identifier: Apache-2.0

/// A value that has the type of its key.
package enum SettingValue: Hashable, Sendable {
    /// For names, paths, hosts and words.
    case text(String)
    case boolean(Bool)
    case endpoint(HostPort)
    case endpoints([HostPort])
    case paths([String])
    case disks([WorkerSettings.CacheDisk])
    case credentials([WorkerSettings.LocalCredential])
}

/// Where an effective value came from, in falling precedence.
package enum SettingOrigin: Hashable, Sendable {
    case flag(String)
    case environment(String)
    case file(SettingMark)
    case fallback

    /// As the comments of `--print-config` say it.
    package var text: String {
        switch self {
        case .flag(let name): "flag \(name)"
        case .environment(let name): "environment \(name)"
        case .file(let mark): "file \(mark.file):\(mark.line)"
        case .fallback: "default"
        }
    }
}

/// A place in a configuration file; line and column count from 1, columns in Unicode scalars.
package struct SettingMark: Hashable, Sendable {
    package let file: String
    package let line: Int
    package let column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
}

/// One thing that stops a worker from starting.
package struct SettingProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// `file:line:column`, a variable, a flag, or the key itself.
    package let place: String
    /// What was given, what is allowed, and the nearest right name.
    package let reason: String

    package init(place: String, reason: String) {
        self.place = place
        self.reason = reason
    }

    package var description: String { "\(place): \(reason)" }
}

/// Why no settings could be made.
package enum SettingsError: Error, Hashable, Sendable {
    /// At least one, in the order in which an operator would mend them.
    case invalid([SettingProblem])
    /// The file cannot be read; the system's reason.
    case unreadable(path: String, reason: String)

    /// Every problem, one a line.
    package var problems: [SettingProblem] {
        switch self {
        case .invalid(let problems): problems
        case .unreadable(let path, let reason): [SettingProblem(place: path, reason: reason)]
        }
    }
}
