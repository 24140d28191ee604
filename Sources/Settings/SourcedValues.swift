// SPDX-License-Identifier: Apache-2.0

import Primitives

/// What one source gave: values by key, each with its place, and everything wrong with it.
struct SourcedValues {
    struct Entry {
        let value: SettingValue
        let origin: SettingOrigin
    }

    private(set) var entries: [String: Entry] = [:]
    private(set) var problems: [SettingProblem] = []
    /// Keys that this source names, rightly or wrongly: not to be reported as missing as well.
    private(set) var mentioned: Set<String> = []

    mutating func accept(_ value: SettingValue, for key: SettingKey, from origin: SettingOrigin) {
        mentioned.insert(key.name)
        entries[key.name] = Entry(value: value, origin: origin)
    }

    mutating func reject(_ problem: SettingProblem, mentioning key: SettingKey? = nil) {
        if let key { mentioned.insert(key.name) }
        problems.append(problem)
    }

    /// A source that could not be read as a whole may have named any key.
    mutating func rejectWhole(_ problem: SettingProblem) {
        mentioned.formUnion(SettingKey.all.map(\.name))
        problems.append(problem)
    }

    /// Reads a flag's or a variable's text into the key, or says why it cannot.
    mutating func read(
        _ text: String,
        for key: SettingKey,
        at place: String,
        _ origin: SettingOrigin
    ) {
        guard key.presence == .built else {
            reject(Self.notBuilt(key, at: place), mentioning: key)
            return
        }
        do {
            accept(try key.kind.value(fromText: text), for: key, from: origin)
        } catch {
            reject(key.problem(at: place, error), mentioning: key)
        }
    }

    static func notBuilt(_ key: SettingKey, at place: String) -> SettingProblem {
        SettingProblem(
            place: place,
            reason: "\(key.name): not built yet, and refused so that nobody relies on it; remove it"
        )
    }
}

extension SourcedValues {
    /// Flags, named as typed (`--listen-http`); the last one of a name counts.
    static func fromFlags(_ flags: [(name: String, text: String)]) -> Self {
        var values = Self()
        for flag in flags {
            guard let key = SettingKey.all.first(where: { $0.flag == flag.name }) else {
                let hint = NearestName.hint(
                    for: flag.name,
                    among: SettingKey.all.map(\.flag),
                    prefix: "--"
                )
                values.reject(SettingProblem(place: flag.name, reason: "unknown flag\(hint)"))
                continue
            }
            values.read(flag.text, for: key, at: flag.name, .flag(flag.name))
        }
        return values
    }

    /// Variables named `TARN_WORKER_…`; all others belong to somebody else.
    ///
    /// In alphabetical order: an environment has none of its own.
    static func fromEnvironment(_ environment: [String: String]) -> Self {
        var values = Self()
        let ours = environment.filter { $0.key.hasPrefix(SettingKey.variablePrefix) }
        for (name, text) in ours.sorted(by: { $0.key < $1.key }) {
            guard let key = SettingKey.all.first(where: { $0.variable == name }) else {
                let hint = NearestName.hint(
                    for: name,
                    among: SettingKey.all.map(\.variable),
                    prefix: SettingKey.variablePrefix
                )
                values.reject(
                    SettingProblem(place: name, reason: "unknown variable of a worker\(hint)")
                )
                continue
            }
            values.read(text, for: key, at: name, .environment(name))
        }
        return values
    }
}
