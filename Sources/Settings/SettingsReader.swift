// SPDX-License-Identifier: Apache-2.0

/// Makes a worker's settings from flags, environment, file and defaults, in falling precedence.
///
/// Strict: everything that is wrong in any source stops the start, also where a source of higher
/// precedence hides it, and all of it is reported at once.
package struct SettingsReader: Sendable {
    package let flags: [(name: String, text: String)]
    package let environment: [String: String]
    package let file: ConfigurationFile?
    package let host: HostFacts

    /// Flags come as typed, `--listen-http` with its text, and of equal names the last one counts; of
    /// the environment only `TARN_WORKER_…` is looked at.
    package init(
        flags: [(name: String, text: String)] = [],
        environment: [String: String] = [:],
        file: ConfigurationFile? = nil,
        host: HostFacts
    ) {
        self.flags = flags
        self.environment = environment
        self.file = file
        self.host = host
    }

    /// Reads, checks and types everything.
    ///
    /// - Throws: ``SettingsError/invalid(_:)`` with every problem found.
    package func read() throws(SettingsError) -> EffectiveSettings {
        let sources = [
            SourcedValues.fromFlags(flags),
            SourcedValues.fromEnvironment(environment),
            file?.values() ?? SourcedValues(),
        ]
        var problems = sources.flatMap(\.problems)
        let mentioned = sources.reduce(into: Set<String>()) { $0.formUnion($1.mentioned) }
        var chosen: [String: SourcedValues.Entry] = [:]
        for key in SettingKey.all {
            let given = sources.lazy.compactMap { $0.entries[key.name] }.first
            if let entry = given ?? fallback(for: key) {
                chosen[key.name] = entry
            } else if key.fallback == .required, !mentioned.contains(key.name) {
                problems.append(Self.missing(key))
            }
        }

        let draft = SettingsDraft(chosen: chosen, host: host)
        problems += SettingsChecks(draft: draft).problems()
        guard problems.isEmpty, let worker = draft.settings() else {
            throw .invalid(problems)
        }
        return EffectiveSettings(worker: worker, entries: draft.entries(of: worker))
    }

    private func fallback(for key: SettingKey) -> SourcedValues.Entry? {
        switch key.fallback {
        case .text(let text):
            guard let value = try? key.kind.value(fromText: text) else {
                preconditionFailure("the table's default of \(key.name) is no \(key.kind.typeName)")
            }
            return SourcedValues.Entry(value: value, origin: .fallback)
        case .computed, .required:
            return nil
        }
    }

    private static func missing(_ key: SettingKey) -> SettingProblem {
        SettingProblem(
            place: key.name,
            reason: "required, and not given; set it in the file, as \(key.variable) or as "
                + "\(key.flag); allowed is \(key.kind.allowed)"
        )
    }
}
